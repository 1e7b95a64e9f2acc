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
from {{ ref('int_observation') }}
order by series_id, period_start
