-- One row is the comparison of a series at a cut month, a width and a gap, with all that does not depend on which event was
-- there: events and clusters with the same cut month share the row. The acts that reach the series and have this cut month are one
-- treatment (treatment_id), and the rivals are theirs.
-- Not materialized: six readers want few of its columns each, and all columns of 1.1 million rows did not fit into the memory of a build.
{{ config(meta={'by_series': ['int_cut_statistics', 'int_series_episode', 'int_cut_standing', 'int_series_family', 'int_series_calendar', 'int_calibration_placebo']}) }}
with cuts as not materialized (
    select statistics.*
    from {{ ref('int_cut_statistics') }} as statistics
    inner join {{ ref('int_report_cut') }} as events
        on statistics.cut_month = events.cut_month
        and {{ gap_is_reported('statistics.gap_months', 'events.default_gap_months') }}
),

-- Windows lie in the same months whatever was known of them, so the rows of one basis of knowledge serve for both.
episodes as (
    select
        cuts.series_id,
        cuts.cut_month,
        cuts.window_months,
        cuts.gap_months,
        {{ sorted_list('episode.episode_id') }} as episodes_in_window
    from cuts
    inner join {{ ref('int_series_episode') }} as episode
        on cuts.series_id = episode.series_id
        and {{ touches_windows(
            'episode.first_month', 'episode.last_month', 'cuts.pre_start', 'cuts.pre_end', 'cuts.post_start', 'cuts.post_end'
        ) | indent(8) }}
    where cuts.as_of_basis = 'latest' and not episode.is_gap
    group by cuts.series_id, cuts.cut_month, cuts.window_months, cuts.gap_months
),

revisions as (
    select
        latest.series_id,
        latest.cut_month,
        latest.window_months,
        latest.gap_months,
        {{ revision_effect('latest', 'first_known') | indent(8) }} as revision_effect
    from cuts as latest
    inner join cuts as first_known
        on latest.series_id = first_known.series_id
        and latest.cut_month = first_known.cut_month
        and latest.window_months = first_known.window_months
        and latest.gap_months = first_known.gap_months
        and latest.months_left_out = first_known.months_left_out
    where latest.as_of_basis = 'latest' and first_known.as_of_basis = 'first_release'
),

rates as (
    select
        series_id,
        window_months,
        gap_months,
        {{ measured_rates('n_blocks >= ' ~ min_placebo_blocks()) | indent(8) }}
    from {{ ref('int_calibration_placebo') }}
    group by series_id, window_months, gap_months
),

family_rates as (
    select *
    from {{ ref('int_family_calibration') }}
    where era = 'all'
),

treatments as (
    select
        calendar_id,
        cut_month,
        {{ act_treatment('cut_month') }} as treatment_id,
        {{ sorted_list('event_id') }} as act_event_ids
    from {{ ref('int_calendar_event') }}
    where event_class = 'act'
    group by calendar_id, cut_month
),

-- Only months of the report: a standing has a list of the farthest distances, and those of all months did not fit into memory.
standings as (
    select
        standing.*,
        case
            when standing.n_blocks >= {{ min_placebo_blocks() }} then 'own'
            when standing.n_placebo >= {{ min_placebo_cuts() }} then 'pooled'
        end as pool
    from {{ ref('int_cut_standing') }} as standing
    inner join {{ ref('int_report_cut') }} as events
        on standing.cut_month = events.cut_month
        and {{ gap_is_reported('standing.gap_months', 'events.default_gap_months') }}
),

ranges as (
    select
        standing.series_id,
        standing.as_of_basis,
        standing.window_months,
        standing.gap_months,
        standing.cut_month,
        standing.pool,
        standing.n_placebo,
        standing.n_blocks,
        standing.placebo_rank,
        standing.z_mad,
        standing.middle * standing.unit_size as centre,
        standing.mde95 * standing.unit_size as mde95,
        own.rank_threshold,
        shared.z_threshold,
        rates.false_alarm_rate as family_false_alarm_rate,
        rates.false_alarm_se as family_false_alarm_se,
        rates.n_pseudo_events as n_family_dates,
        case standing.pool
            when 'own' then {{ threshold_distance('standing.far_distances', 'own.rank_threshold', 'standing.n_placebo') }}
            when 'pooled' then shared.z_threshold * standing.typical_distance
        end * standing.unit_size as distance_at_threshold
    from standings as standing
    inner join {{ ref('int_series_family') }} as family on standing.series_id = family.series_id
    left join family_rates as rates
        on standing.pool = rates.scope_of_range
        and standing.window_months = rates.window_months
        and standing.gap_months = rates.gap_months
        and family.family_id = rates.family_id
    left join {{ ref('int_rank_threshold') }} as own
        on own.comparison = 'before_after'
        and own.for_half = {{ both_halves() }}
        and standing.window_months = own.window_months
        and standing.gap_months = own.gap_months
    left join {{ ref('int_rank_threshold') }} as shared
        on shared.comparison = 'before_after_pooled'
        and shared.for_half = {{ both_halves() }}
        and standing.window_months = shared.window_months
        and standing.gap_months = shared.gap_months
)

select
    cuts.series_id,
    cuts.window_months,
    cuts.gap_months,
    cuts.as_of_basis,
    cuts.as_of,
    cuts.cut_month,
    cuts.pre_start,
    cuts.pre_end,
    cuts.post_start,
    cuts.post_end,
    cuts.n_pre,
    cuts.n_post,
    cuts.months_left_out,
    cuts.scale,
    cuts.pre_mean,
    cuts.post_mean,
    cuts.d_level,
    cuts.d_log,
    cuts.pct_change,
    cuts.second_diff,
    cuts.trend_dev,
    cuts.std_diff,
    cuts.welch_t,
    cuts.welch_df,
    -- Placebo cuts touch no episode. A comparison that does touch one is not of their kind and has no rank among them.
    case when cuts.n_episode_months = 0 then standing.placebo_rank end as placebo_rank,
    coalesce(standing.n_placebo, 0) as n_placebo,
    coalesce(standing.n_blocks, 0) as n_blocks,
    case when standing.mde95 is not null then {{ placebo_rank('0', 'standing.n_placebo') }} end as rank_floor,
    levels.rank_threshold,
    case when cuts.n_episode_months = 0 then standing.z_mad end as z_mad,
    standing.mde95,
    standing.centre,
    {{ scope_of_range(
        'standing.pool', 'standing.n_placebo', 'standing.rank_threshold', 'standing.z_threshold', 'standing.family_false_alarm_rate',
        'standing.n_family_dates'
    ) | indent(4) }} as scope_of_range,
    standing.z_threshold,
    standing.distance_at_threshold,
    standing.family_false_alarm_rate,
    standing.family_false_alarm_se,
    case
        when cuts.n_episode_months = 0
            then {{ far_out(
                'standing.pool', 'standing.placebo_rank', 'standing.rank_threshold', 'standing.z_mad', 'standing.z_threshold'
            ) | indent(12) }}
    end as is_far_out,
    {{ withheld_because('cuts.window_months', 'standing.pool', 'standing.family_false_alarm_rate', 'standing.n_family_dates') | indent(4) }}
        as withheld_because,
    treatments.treatment_id,
    coalesce(treatments.act_event_ids, {{ empty_list() }}) as act_event_ids,
    coalesce(rivals.n_other_events, 0) as n_other_events,
    coalesce(rivals.max_shared_post_share, 0) as max_shared_post_share,
    coalesce(rivals.rival_event_ids, {{ empty_list() }}) as rival_event_ids,
    coalesce(rivals.rivals_in_windows, {{ empty_list() }}) as rivals_in_windows,
    coalesce(episodes.episodes_in_window, {{ empty_list() }}) as episodes_in_window,
    cuts.n_episode_months = 0 as event_clean,
    cuts.preliminary_months,
    rates.false_alarm_rate,
    rates.welch_false_alarm_rate,
    revisions.revision_effect,
    family.family_id,
    cuts.reason
from cuts
inner join {{ ref('int_series_calendar') }} as calendar on cuts.series_id = calendar.series_id
left join treatments
    on calendar.calendar_id = treatments.calendar_id
    and cuts.cut_month = treatments.cut_month
left join {{ ref('int_calendar_rival') }} as rivals
    on calendar.calendar_id = rivals.calendar_id
    and cuts.cut_month = rivals.cut_month
    and cuts.window_months = rivals.window_months
    and cuts.gap_months = rivals.gap_months
left join ranges as standing
    on cuts.series_id = standing.series_id
    and cuts.as_of_basis = standing.as_of_basis
    and cuts.window_months = standing.window_months
    and cuts.gap_months = standing.gap_months
    and cuts.cut_month = standing.cut_month
left join episodes
    on cuts.series_id = episodes.series_id
    and cuts.cut_month = episodes.cut_month
    and cuts.window_months = episodes.window_months
    and cuts.gap_months = episodes.gap_months
left join revisions
    on cuts.series_id = revisions.series_id
    and cuts.cut_month = revisions.cut_month
    and cuts.window_months = revisions.window_months
    and cuts.gap_months = revisions.gap_months
left join rates
    on cuts.series_id = rates.series_id
    and cuts.window_months = rates.window_months
    and cuts.gap_months = rates.gap_months
inner join {{ ref('int_series_family') }} as family on cuts.series_id = family.series_id
left join {{ ref('int_rank_threshold') }} as levels
    on levels.comparison = 'before_after'
    and levels.for_half = {{ both_halves() }}
    and cuts.window_months = levels.window_months
    and cuts.gap_months = levels.gap_months
