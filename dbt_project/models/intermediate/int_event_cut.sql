-- where a timeline event cuts a monthly series in two; the rule is in macros/event_cut.sql
with anchored as (
    select
        event_id,
        date_precision,
        confidence,
        in_force,
        {{ event_anchor_date() }} as anchor_date,
        case when {{ event_took_effect() }} then 'effective_on' else 'event_date' end as anchor_basis
    from {{ ref('stg_event') }}
)

select
    event_id,
    anchor_date,
    anchor_basis,
    {{ first_whole_month('anchor_date') }} as cut_month,
    {{ event_in_report() }} as in_report,
    case
        when confidence = 'low' then 'confidence is low'
        when not in_force then 'never in force'
        when date_precision not in ('day', 'month') then 'date is coarser than a month'
    end as left_out_because
from anchored
