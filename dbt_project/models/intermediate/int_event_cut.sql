-- where a timeline event cuts a monthly series in two (rule: "The cut" in the design of methods)
with anchored as (
    select
        event_id,
        event_type,
        date_precision,
        confidence,
        in_force,
        event_type in ('tariff_effective', 'entry_into_force', 'exemption', 'retaliation')
            and effective_on is not null as took_effect,
        effective_on,
        event_date
    from {{ ref('stg_event') }}
),

dated as (
    select
        *,
        case when took_effect then effective_on else event_date end as anchor_date,
        case when took_effect then 'effective_on' else 'event_date' end as anchor_basis
    from anchored
)

select
    event_id,
    anchor_date,
    anchor_basis,
    {{ first_whole_month('anchor_date') }} as cut_month,
    -- shown everywhere, compared only when it happened, is sourced and is dated at least to the month
    confidence <> 'low'
        and in_force
        and date_precision in ('day', 'month') as in_report,
    case
        when confidence = 'low' then 'confidence is low'
        when not in_force then 'never in force'
        when date_precision not in ('day', 'month') then 'date is coarser than a month'
    end as left_out_because
from dated
