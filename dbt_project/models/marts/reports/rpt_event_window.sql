-- The rows are not sorted here: the release sorts its copy by key, and sorting twice would cost as much as all joins.
with events as (
    select event_id, cut_month
    from {{ ref('int_event_cut') }}
    where in_report
),

-- events with one cut month share the months around it, so those are computed once a cut
cuts as (
    select distinct cut_month from events
),

monthly as (
    select
        spine.series_id,
        spine.period_start,
        spine.value,
        -- the series has a row for every month, so twelve rows back is the same month a year before
        lag(spine.value, 12) over (partition by spine.series_id order by spine.month_index) as value_year_before,
        spine.is_preliminary,
        {{ has_log_scale() }} as log_allowed
    from {{ ref('int_series_monthly') }} as spine
    inner join {{ ref('dim_series') }} as series on spine.series_id = series.series_id
),

around_cuts as (
    select
        cuts.cut_month,
        {{ months_between('cuts.cut_month', 'monthly.period_start') }} as month_offset,
        monthly.*
    from cuts
    inner join monthly
        on monthly.period_start between {{ add_months('cuts.cut_month', -event_window_months()) }}
        and {{ add_months('cuts.cut_month', event_window_months()) }}
),

measured as (
    {{ event_window_statistics('around_cuts') | indent(4) }}
),

episode_months as (
    select distinct
        monthly.series_id,
        monthly.period_start
    from monthly
    inner join {{ ref('int_series_episode') }} as episode
        on monthly.series_id = episode.series_id
        and monthly.period_start between episode.first_month and episode.last_month
)

select
    events.event_id,
    measured.series_id,
    cast(measured.month_offset as integer) as month_offset,
    measured.period_start,
    measured.value,
    measured.log_value,
    measured.yoy_pct,
    measured.index_100,
    episode_months.period_start is not null as in_episode,
    measured.is_preliminary
from measured
inner join events on measured.cut_month = events.cut_month
left join episode_months
    on measured.series_id = episode_months.series_id
    and measured.period_start = episode_months.period_start
