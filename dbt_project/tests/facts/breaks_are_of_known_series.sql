-- A declared break lies within the figures of its series: otherwise it is of another series, or out of date, and the
-- comparisons it withholds would be made.
{{ config(meta={'dagster': {'ref': {'name': 'dim_series'}}}) }}
select declared.series_id, declared.break_period
from {{ ref('stg_declared_break') }} as declared
left join {{ ref('dim_series') }} as series on declared.series_id = series.series_id
where series.series_id is null
    or not declared.break_period between series.first_period and series.last_period
