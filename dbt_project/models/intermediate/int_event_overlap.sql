-- One row says how far other events of the report stand in the way of an event, for one width and gap of the comparison. A user's own
-- events stand in the way of each other only.
with events as (
    select event_id, cut_month, origin from {{ ref('int_event_cut') }}
    where in_report
),

widths as (
    {{ report_grid() | indent(4) }}
),

pairs as (
    select
        event.event_id,
        widths.window_months,
        widths.gap_months,
        widths.lag_months,
        {{ months_between('event.cut_month', 'other.cut_month') }} as distance
    from events as event
    cross join widths
    left join events as other
        on event.event_id <> other.event_id
        and (not {{ is_own('other') }} or {{ is_own('event') }})
)

{{ overlaps('pairs', 'event_id') }}
