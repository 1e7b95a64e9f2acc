{{ config(meta={'by_series': ['int_observation_vintage']}) }}
select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_to,
    known_from_basis,
    grade,
    revision_number,
    adds_digits,
    payload_id
from {{ ref('int_observation_vintage') }}
order by series_id, period_start, known_from
