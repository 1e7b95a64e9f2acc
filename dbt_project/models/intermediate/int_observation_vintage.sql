-- This model holds every vintage of every series: those that were published, and those of derived series that follow from them.
select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_to,
    known_from_basis,
    revision_number,
    payload_id
from {{ ref('int_published_vintage') }}

union all

select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_to,
    known_from_basis,
    revision_number,
    payload_id
from {{ ref('int_derived_vintage') }}
order by series_id, period_start, known_from
