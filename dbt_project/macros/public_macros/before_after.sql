{% macro before_after_body() -%}
with asked as (
    select
        cut.event_id,
        cut.cluster_id,
        case when least(months, coalesce(post_months, months)) >= 1 and gap >= 0 then cut.cut_month end as cut_month,
        cast(series as varchar) as series_id,
        cast(months as integer) as window_months,
        cast(gap as integer) as gap_months,
        {{ lag_months('cast(months as integer)', 'cast(gap as integer)') }} as lag_months,
        -- a width that is not whole years is paired month by month, as long as the month before precedes the gap
        cast(months as integer) % 12 <> 0 as is_paired,
        cast(coalesce(post_months, months) as integer) as post_months_asked
    from (
        {{ asked_cut() | indent(8) }}
    ) as cut
),

widths as (
    select
        *,
        case when is_paired then n_pairs else window_months end as pre_length,
        case when is_paired then n_pairs else post_months_asked end as post_length
    from (
        select
            *,
            greatest(0, least(window_months, post_months_asked, lag_months - gap_months)) as n_pairs
        from asked
    ) as paired
),

subject as (
    select
        *,
        {{ has_log_scale() }} as log_allowed
    from dim_series
    where series_id = cast(series as varchar)
),

-- numbers known at the end of on_date, or now; months counted from the cut
known as (
    select
        {{ months_between('widths.cut_month', 'vintage.period_start') }} as month_index,
        vintage.value,
        case when vintage.value > 0 then ln(vintage.value) end as log_value,
        vintage.status,
        vintage.known_from
    from fct_observation_vintage as vintage
    cross join widths
    where vintage.series_id = cast(series as varchar)
        and vintage.frequency = 'monthly'
        and vintage.status <> 'withdrawn'
        and vintage.value is not null
        and case when on_date is null then vintage.known_to is null else {{ is_known_at_end_of('on_date') }} end
),

life as (
    -- of an unknown series: from 1 to 0, which holds no month
    select
        coalesce(min(month_index), 1) as first_index,
        coalesce(max(month_index), 0) as last_index
    from known
),

-- windows as asked, and what of them lies within the life of the series; pairs need both of their months
bounds as (
    select
        'post' as role,
        greatest(0, case when is_paired then first_index + lag_months else first_index end) as first_index,
        least(post_length - 1, last_index) as last_index
    from widths
    cross join life
    union all
    select
        'pre',
        greatest(-lag_months, first_index),
        case
            when is_paired then least(post_length - 1, last_index) - lag_months
            else least(pre_length - 1 - lag_months, last_index)
        end
    from widths
    cross join life
    union all
    select 'earlier', -2 * lag_months, pre_length - 1 - 2 * lag_months
    from widths
    union all
    select 'trend', -gap_months - {{ trend_months() }}, -gap_months - 1
    from widths
),

statistics as (
    select
        bounds.role,
        coalesce(greatest(0, max(bounds.last_index) - max(bounds.first_index) + 1), 0) as n_months,
        {{ window_statistics() | indent(8) }}
    from bounds
    left join known on known.month_index between bounds.first_index and bounds.last_index
    group by bounds.role
),

windows as (
    select
        widths.*,
        subject.frequency,
        subject.log_allowed,
        widths.cut_month is not null and coalesce(subject.frequency, '') = 'monthly' as is_comparable,
        {{ add_months('widths.cut_month', '-widths.lag_months') }} as pre_start,
        {{ add_months('widths.cut_month', 'widths.pre_length - 1 - widths.lag_months') }} as pre_end,
        widths.cut_month as post_start,
        {{ add_months('widths.cut_month', 'widths.post_length - 1') }} as post_end,
        {{ windows_side_by_side() | indent(8) }}
    from widths
    left join subject on widths.series_id = subject.series_id
    cross join (select * from statistics where role = 'pre') as pre
    cross join (select * from statistics where role = 'post') as post
    cross join (select * from statistics where role = 'earlier') as earlier
    cross join (select * from statistics where role = 'trend') as trend
),

compared as (
    {{ compare_windows('windows') | indent(4) }}
),

distances as (
    select {{ months_between('compared.cut_month', 'other.cut_month') }} as distance
    from compared
    inner join (
        select
            event_id,
            {{ first_whole_month(event_anchor_date()) }} as cut_month
        from dim_event
        where {{ event_in_report() }}
    ) as other on compared.event_id <> other.event_id
),

overlap as (
    select
        count(case when {{ cut_in_windows('distance', 'compared.post_length', 'compared.lag_months') }} then 1 end)
            as n_other_events,
        coalesce(max({{ shared_post_share('compared.post_length', 'distance') }}), 0) as max_shared_post_share
    from compared
    left join distances on true
),

episodes as (
    select {{ sorted_list('episode.episode_id') }} as episodes_in_window
    from compared
    inner join subject on compared.series_id = subject.series_id
    inner join dim_episode as episode
        on {{ episode_applies('episode', 'subject') }}
        and (
            ({{ month_start('episode.starts_on') }} <= compared.pre_end
                and coalesce(episode.ends_on, date '9999-12-31') >= compared.pre_start)
            or ({{ month_start('episode.starts_on') }} <= compared.post_end
                and coalesce(episode.ends_on, date '9999-12-31') >= compared.post_start)
        )
)

select
    compared.event_id,
    compared.series_id,
    compared.window_months,
    compared.gap_months,
    case when on_date is null then 'latest' else 'on_date' end as as_of_basis,
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
    -- what stands in the way is unknown as long as the event or the series is
    case when compared.cut_month is not null then cast(overlap.n_other_events as integer) end as n_other_events,
    case when compared.cut_month is not null then overlap.max_shared_post_share end as max_shared_post_share,
    compared.cluster_id,
    case when compared.cut_month is not null then overlap.max_shared_post_share <= 0.5 end as identified,
    case when compared.is_comparable then coalesce(episodes.episodes_in_window, {{ empty_list() }}) end as episodes_in_window,
    case when compared.is_comparable then episodes.episodes_in_window is null end as event_clean,
    compared.preliminary_months,
    case
        when least(compared.window_months, compared.post_months_asked) < 1 or compared.gap_months < 0
            then 'months must be at least 1 and gap at least 0'
        when compared.frequency is null then 'series is unknown'
        when compared.frequency <> 'monthly' then 'series is not monthly'
        when compared.cut_month is null then 'event is neither an event_id nor an ISO date'
        when compared.pre_n_months = 0 or compared.post_n_months = 0 then 'no month of a window is known'
        when not compared.is_complete then {{ reason_missing_month() }}
        when compared.n_post < compared.post_months_asked
            or compared.n_pre < case when compared.is_paired then compared.post_months_asked else compared.window_months end
            then 'window is shorter than asked'
    end as reason
from compared
cross join overlap
cross join episodes
{%- endmacro %}
