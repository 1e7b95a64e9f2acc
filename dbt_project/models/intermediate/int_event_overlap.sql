-- One row says how far other events of the report stand in the way of an event, for one width and gap of the comparison.
with events as (
    select event_id, cut_month from {{ ref('int_event_cut') }}
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
    left join events as other on event.event_id <> other.event_id
)

{{ overlaps('pairs', 'event_id') }}
