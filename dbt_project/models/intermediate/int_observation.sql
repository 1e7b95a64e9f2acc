-- One row is what is known now of a series and period. A withdrawn value is no longer known, so its period is absent here and stays
-- in the vintages.
{{ config(meta={'by_series': ['int_observation_vintage']}) }}
select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_from_basis,
    grade,
    payload_id
from {{ ref('int_observation_vintage') }}
where known_to is null
    and status <> 'withdrawn'
order by series_id, period_start
