-- One row says which acts stand in the way of a comparison at a cut, for the series of a calendar, a width and a gap. Acts with one cut
-- month are one treatment and no rivals of each other. A cut at which nothing stands in the way has no row.
with acts as (
    select
        calendar_id,
        cut_month,
        event_id
    from {{ ref('int_calendar_event') }}
    where event_class = 'act'
),

cuts as (
    select distinct cut_month from {{ ref('int_event_cut') }}
    where in_report
),

widths as (
    {{ report_grid() | indent(4) }}
),

pairs as (
    select
        acts.calendar_id,
        cuts.cut_month,
        widths.window_months,
        widths.gap_months,
        widths.lag_months,
        acts.event_id as rival_id,
        {{ months_between('cuts.cut_month', 'acts.cut_month') }} as distance
    from cuts
    cross join widths
    inner join acts
        on cuts.cut_month <> acts.cut_month
        and {{ cut_in_windows(months_between('cuts.cut_month', 'acts.cut_month'), 'widths.window_months', 'widths.lag_months') }}
)

{{ rivals('pairs', ['calendar_id', 'cut_month']) }}
