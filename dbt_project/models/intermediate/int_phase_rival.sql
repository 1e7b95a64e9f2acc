-- One row says what stands in the way of a phase, for the series of a calendar, a width and a gap: acts that reach them and belong to no
-- event of the phase, and the events with which other phases that reach them start. Nothing in the way: no row.
with phases as (
    select * from {{ ref('int_calendar_phase') }}
),

starts as (
    select
        start.cluster_id,
        cuts.event_id
    from {{ ref('int_cluster_start') }} as start
    inner join {{ ref('stg_event') }} as event on start.cluster_id = event.cluster_id
    inner join {{ ref('int_event_cut') }} as cuts
        on event.event_id = cuts.event_id
        and start.start_month = cuts.cut_month
    where cuts.in_report
),

others as (
    select
        calendar_id,
        event_id as rival_id,
        cluster_id,
        cut_month
    from {{ ref('int_calendar_event') }}
    where event_class = 'act'
    union distinct
    select
        phases.calendar_id,
        starts.event_id,
        phases.cluster_id,
        phases.start_month
    from phases
    inner join starts on phases.cluster_id = starts.cluster_id
),

widths as (
    {{ report_grid() | indent(4) }}
),

pairs as (
    select
        phases.calendar_id,
        phases.cluster_id,
        widths.window_months,
        widths.gap_months,
        widths.lag_months,
        others.rival_id,
        {{ months_between('phases.start_month', 'others.cut_month') }} as distance
    from phases
    cross join widths
    inner join others
        on phases.calendar_id = others.calendar_id
        and phases.cluster_id is distinct from others.cluster_id
        and {{ cut_in_windows(months_between('phases.start_month', 'others.cut_month'), 'widths.window_months', 'widths.lag_months') }}
)

{{ rivals('pairs', ['calendar_id', 'cluster_id']) }}
