-- not sorted: the release sorts its copy by key, and sorting here as well costs as much as all joins
with events as (
    select
        cuts.event_id,
        cuts.cut_month,
        event.cluster_id
    from {{ ref('int_event_cut') }} as cuts
    inner join {{ ref('dim_event') }} as event on cuts.event_id = event.event_id
    where cuts.in_report
),

compared as (
    select * from {{ ref('int_cut_statistics') }}
    where cut_month in (select cut_month from events)
),

-- the windows do not depend on what was known when: one basis stands for both
episodes as (
    select
        compared.series_id,
        compared.cut_month,
        compared.window_months,
        compared.gap_months,
        {{ sorted_list('episode.episode_id') }} as episodes_in_window
    from compared
    inner join {{ ref('int_series_episode') }} as episode
        on compared.series_id = episode.series_id
        and (
            (episode.first_month <= compared.pre_end and episode.last_month >= compared.pre_start)
            or (episode.first_month <= compared.post_end and episode.last_month >= compared.post_start)
        )
    where compared.as_of_basis = 'latest'
    group by compared.series_id, compared.cut_month, compared.window_months, compared.gap_months
)

select
    events.event_id,
    compared.series_id,
    compared.window_months,
    compared.gap_months,
    compared.as_of_basis,
    compared.as_of,
    compared.cut_month,
    compared.pre_start,
    compared.pre_end,
    compared.post_start,
    compared.post_end,
    compared.n_pre,
    compared.n_post,
    compared.scale,
    compared.pre_mean,
    compared.post_mean,
    compared.d_level,
    compared.d_log,
    compared.pct_change,
    compared.second_diff,
    compared.trend_dev,
    compared.std_diff,
    compared.welch_t,
    compared.welch_df,
    overlap.n_other_events,
    overlap.max_shared_post_share,
    events.cluster_id,
    overlap.max_shared_post_share <= 0.5 as identified,
    coalesce(episodes.episodes_in_window, {{ empty_list() }}) as episodes_in_window,
    compared.n_episode_months = 0 as event_clean,
    compared.preliminary_months,
    compared.reason
from compared
inner join events on compared.cut_month = events.cut_month
inner join {{ ref('int_event_overlap') }} as overlap
    on events.event_id = overlap.event_id
    and compared.window_months = overlap.window_months
    and compared.gap_months = overlap.gap_months
left join episodes
    on compared.series_id = episodes.series_id
    and compared.cut_month = episodes.cut_month
    and compared.window_months = episodes.window_months
    and compared.gap_months = episodes.gap_months
