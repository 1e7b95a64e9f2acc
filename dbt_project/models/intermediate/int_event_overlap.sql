-- how far the events of the report stand in each other's way, by width of the comparison
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

select
    event_id,
    window_months,
    gap_months,
    cast(count(case when {{ cut_in_windows('distance', 'window_months', 'lag_months') }} then 1 end) as integer) as n_other_events,
    coalesce(max({{ shared_post_share('window_months', 'distance') }}), 0) as max_shared_post_share
from pairs
group by event_id, window_months, gap_months
