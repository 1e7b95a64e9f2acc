-- Prevents vehicles a year from being divided by vehicles a month: such a prediction would look twelve times its size.
{{ config(meta={'dagster': {'ref': {'name': 'seed_expected_effect'}}}) }}
select expected.expected_effect_id
from {{ ref('seed_expected_effect') }} as expected
inner join {{ ref('stg_series') }} as series on expected.series_id = series.series_id
where (expected.unit = 'vehicles per year' and (series.seasonal_adjustment <> 'SAAR' or series.unit <> 'vehicles'))
    or (expected.unit = 'persons' and series.unit <> 'persons')
