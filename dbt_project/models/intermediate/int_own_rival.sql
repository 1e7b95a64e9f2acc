-- One row says which other acts of the user's own timelines stand in the way of an event of these, for a series that they reach, a width and
-- a gap. Bundled acts are in its way besides, as in that of any date (int_calendar_rival). Nothing in the way: no row.
with events as (
    select event_id, cut_month, event_class
    from {{ ref('int_event_cut') }} as cut
    where in_report and {{ is_own('cut') }}
),

acts as (
    select distinct
        events.event_id,
        events.cut_month,
        exposure.series_id
    from events
    inner join {{ ref('int_event_exposure') }} as exposure on events.event_id = exposure.event_id
    where events.event_class = 'act'
),

widths as (
    {{ report_grid() | indent(4) }}
),

pairs as (
    select
        events.event_id,
        acts.series_id,
        widths.window_months,
        widths.gap_months,
        widths.lag_months,
        acts.event_id as rival_id,
        {{ months_between('events.cut_month', 'acts.cut_month') }} as distance
    from events
    cross join widths
    inner join acts
        on events.event_id <> acts.event_id
        and {{ cut_in_windows(months_between('events.cut_month', 'acts.cut_month'), 'widths.window_months', 'widths.lag_months') }}
)

{{ rivals('pairs', ['event_id', 'series_id']) }}
