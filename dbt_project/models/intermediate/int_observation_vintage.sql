-- This model holds every vintage of every series: those that were published, and those of derived series that follow from them.
-- How good a figure is depends on who handed it on, which its payload says. A derived one takes it from the input that changed last.
with vintages as (
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
        adds_digits,
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
        adds_digits,
        payload_id
    from {{ ref('int_derived_vintage') }}
)

select
    vintages.series_id,
    vintages.period_start,
    vintages.frequency,
    vintages.value,
    vintages.status,
    vintages.known_from,
    vintages.known_to,
    vintages.known_from_basis,
    {{ grade('payload') }} as grade,
    vintages.revision_number,
    vintages.adds_digits,
    vintages.payload_id
from vintages
left join {{ ref('stg_payload') }} as payload on vintages.payload_id = payload.payload_id
order by vintages.series_id, vintages.period_start, vintages.known_from
