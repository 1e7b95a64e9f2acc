-- A declared gap begins and ends with a period without a number (between, quarterly figures may stand). Otherwise it is
-- out of date: the publisher closed it, and the declaration would hide the next loss.
{{ config(meta={'dagster': {'ref': {'name': 'seed_declared_gap'}}}) }}
select declared.series_id, observed.period_start, observed.value
from {{ ref('seed_declared_gap') }} as declared
inner join {{ ref('fct_observation') }} as observed
    on declared.series_id = observed.series_id
    and observed.period_start in (declared.first_period, declared.last_period)
where observed.value is not null
