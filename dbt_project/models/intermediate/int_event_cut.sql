-- This model alone says where an event of a timeline cuts a monthly series in two; dim_event publishes its columns, and
-- every model, table macro and reader takes them from there or from here.
with anchored as (
    select
        event.event_id,
        event.date_precision,
        event.confidence,
        event.in_force,
        event.origin,
        kind.event_class,
        -- an event of a kind that takes effect counts from the day it did, or from its notice where that came later (until then
        -- the old rate was collected), any other from the day it happened
        case
            when kind.is_measure and event.effective_on is not null then coalesce(event.published_on, event.effective_on)
            else event.event_date
        end as anchor_on,
        case when kind.is_measure and event.effective_on is not null then 'effective_on' else 'event_date' end as anchor_basis
    from {{ ref('stg_event') }} as event
    inner join {{ ref('stg_event_type') }} as kind on event.event_type = kind.event_type
),

-- every event is shown; it is compared only when it happened, is sourced and is dated at least to the month
judged as (
    select
        *,
        case
            when not in_force then 'never in force'
            when confidence = 'low' then 'confidence is low'
            when date_precision not in ('day', 'month') then 'date is coarser than a month'
        end as left_out_because
    from anchored
)

select
    event_id,
    anchor_on,
    anchor_basis,
    {{ first_whole_month('anchor_on') }} as cut_month,
    case when {{ falls_inside_month('anchor_on') }} then {{ month_start('anchor_on') }} end as own_month,
    {{ default_gap('anchor_on') }} as default_gap_months,
    left_out_because is null as in_report,
    left_out_because,
    event_class,
    origin
from judged
