-- what is known now; a withdrawn value is no longer known, so its key is absent here and kept in the vintages
select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_from_basis,
    payload_id
from {{ ref('int_observation_vintage') }}
where known_to is null
    and status <> 'withdrawn'
order by series_id, period_start
