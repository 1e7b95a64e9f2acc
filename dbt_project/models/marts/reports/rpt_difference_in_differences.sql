{{ config(meta={'by_series': ['int_event_exposure', 'int_control_difference', 'int_series_calendar', 'int_difference_standing', 'int_calibration_placebo', 'int_own_rival']}) }}
with events as (
    select
        cuts.event_id,
        cuts.cut_month,
        cuts.default_gap_months,
        cuts.event_class,
        event.cluster_id
    from {{ ref('int_event_cut') }} as cuts
    inner join {{ ref('stg_event') }} as event on cuts.event_id = event.event_id
    where cuts.in_report
),

exposed as (
    select distinct exposure.event_id, exposure.series_id
    from {{ ref('int_event_exposure') }} as exposure
    inner join {{ ref('int_event_cut') }} as cut on exposure.event_id = cut.event_id
    -- an event of the user's own is compared like a date: whatever reaches the series is in its way
    where not {{ is_own('cut') }}
),

differences as (
    select * from {{ ref('int_control_difference') }}
),

-- events with one cut month share their comparison
at_events as (
    select differences.*
    from differences
    inner join {{ ref('int_report_cut') }} as report
        on differences.cut_month = report.cut_month
        and {{ gap_is_reported('differences.gap_months', 'report.default_gap_months') }}
),

-- the largest difference at a clean date whose windows share no month with this row's and lie before them
earlier as (
    select
        at_events.control_set_id,
        at_events.treated_series_id,
        at_events.window_months,
        at_events.gap_months,
        at_events.cut_month,
        count(*) as n_earlier,
        max(abs(placebo.did)) as largest_earlier
    from at_events
    inner join differences as placebo
        on at_events.control_set_id = placebo.control_set_id
        and at_events.treated_series_id = placebo.treated_series_id
        and at_events.window_months = placebo.window_months
        and at_events.gap_months = placebo.gap_months
    where placebo.is_placebo
        and abs({{ months_between('placebo.cut_month', 'at_events.cut_month') }}) >= {{ placebo_distance() }}
        and {{ months_between('placebo.cut_month', 'at_events.cut_month') }}
            >= at_events.lag_months + at_events.window_months
    group by
        at_events.control_set_id,
        at_events.treated_series_id,
        at_events.window_months,
        at_events.gap_months,
        at_events.cut_month
),

-- what stands in the way of the treated series; acts that reach a control are declared with it (touches_exposure)
in_the_way as (
    select
        calendar.series_id,
        rivals.cut_month,
        rivals.window_months,
        rivals.gap_months,
        rivals.n_other_events,
        rivals.max_shared_post_share,
        rivals.rival_event_ids,
        rivals.rivals_in_windows
    from {{ ref('int_calendar_rival') }} as rivals
    inner join {{ ref('int_series_calendar') }} as calendar on rivals.calendar_id = calendar.calendar_id
    where calendar.series_id in (select treated_series_id from at_events)
),

own_acts as (
    select
        calendar.series_id,
        act.cut_month,
        {{ sorted_list('act.event_id') }} as act_event_ids
    from {{ ref('int_calendar_event') }} as act
    inner join {{ ref('int_series_calendar') }} as calendar on act.calendar_id = calendar.calendar_id
    where act.event_class = 'act'
    group by calendar.series_id, act.cut_month
),

cuts as (
    select
        at_events.*,
        coalesce(in_the_way.n_other_events, 0) as n_other_events,
        coalesce(in_the_way.max_shared_post_share, 0) as max_shared_post_share,
        coalesce(in_the_way.rival_event_ids, {{ empty_list() }}) as rival_event_ids,
        coalesce(in_the_way.rivals_in_windows, {{ empty_list() }}) as rivals_in_windows,
        coalesce(own_acts.act_event_ids, {{ empty_list() }}) as act_event_ids,
        coalesce(standing.n_placebo, 0) as n_placebo,
        coalesce(standing.n_blocks, 0) as n_blocks,
        not at_events.touches_episode and not at_events.touches_exposure as event_clean,
        standing.mde95,
        standing.middle as centre,
        standing.placebo_rank,
        levels.rank_threshold,
        {{ threshold_distance('standing.far_distances', 'levels.rank_threshold', 'standing.n_placebo') | indent(8) }}
            as distance_at_threshold,
        standing.pretrend_bias as drift,
        rates.false_alarm_rate,
        case
            -- of series that did not move, the earlier differences are rounding, and to divide by that says nothing
            when earlier.n_earlier >= {{ min_placebo_cuts() }} and earlier.largest_earlier > {{ rounding() }}
                then abs(at_events.did) / earlier.largest_earlier
        end as breakdown_m
    from at_events
    left join in_the_way
        on at_events.treated_series_id = in_the_way.series_id
        and at_events.cut_month = in_the_way.cut_month
        and at_events.window_months = in_the_way.window_months
        and at_events.gap_months = in_the_way.gap_months
    left join own_acts
        on at_events.treated_series_id = own_acts.series_id
        and at_events.cut_month = own_acts.cut_month
    left join {{ ref('int_difference_standing') }} as standing
        on at_events.control_set_id = standing.control_set_id
        and at_events.treated_series_id = standing.treated_series_id
        and at_events.window_months = standing.window_months
        and at_events.gap_months = standing.gap_months
        and at_events.cut_month = standing.cut_month
    left join earlier
        on at_events.control_set_id = earlier.control_set_id
        and at_events.treated_series_id = earlier.treated_series_id
        and at_events.window_months = earlier.window_months
        and at_events.gap_months = earlier.gap_months
        and at_events.cut_month = earlier.cut_month
    left join {{ ref('int_rank_threshold') }} as levels
        on levels.comparison = 'difference_in_differences'
        and levels.for_half = {{ both_halves() }}
        and at_events.window_months = levels.window_months
        and at_events.gap_months = levels.gap_months
    left join {{ ref('int_calibration_placebo') }} as rates
        on rates.method = 'difference_in_differences_rank_gated'
        and at_events.control_set_id = rates.control_set_id
        and at_events.treated_series_id = rates.series_id
        and at_events.window_months = rates.window_months
        and at_events.gap_months = rates.gap_months
),

judged as (
    select
        events.event_id,
        events.event_class,
        cuts.gap_months = events.default_gap_months as is_default_gap,
        cuts.* exclude (n_other_events, max_shared_post_share, rival_event_ids, rivals_in_windows),
        overlap.n_other_events as n_other_events_any,
        {{ treatment_of_event('exposed.event_id is not null', 'events') | indent(8) }} as treatment_id,
        {%- for column, expression in with_own_rivals(rivals_of_a_date('cuts'), 'own').items() %}
        case when exposed.event_id is not null and events.event_class = 'act' then cuts.{{ column }} else {{ expression }} end
            as {{ column }},
        {%- endfor %}
        {{ not_identified_because('events.event_class', 'events.cluster_id') | indent(8) }} as not_identified_because,
        coalesce({{ drift_is_small('cuts.drift', 'cuts.distance_at_threshold') }}, true) as drift_is_small,
        case
            when cuts.window_months not in {{ in_list(judged_windows()) }} then {{ reason_descriptive_width() }}
            when cuts.drift is null then {{ reason_no_line() }}
        end as withheld_because,
        case when cuts.n_blocks >= {{ min_placebo_blocks() }} and cuts.distance_at_threshold is not null then 'own' end as scope_of_range
    from events
    inner join cuts
        on events.cut_month = cuts.cut_month
        and {{ gap_is_reported('cuts.gap_months', 'events.default_gap_months') }}
    inner join {{ ref('int_event_overlap') }} as overlap
        on events.event_id = overlap.event_id
        and cuts.window_months = overlap.window_months
        and cuts.gap_months = overlap.gap_months
    left join exposed on events.event_id = exposed.event_id and cuts.treated_series_id = exposed.series_id
    left join {{ ref('int_own_rival') }} as own
        on events.event_id = own.event_id
        and cuts.treated_series_id = own.series_id
        and cuts.window_months = own.window_months
        and cuts.gap_months = own.gap_months
),

told_apart as (
    select
        *,
        event_class = 'act' and max_shared_post_share <= {{ max_shared_share() }} as identified
    from judged
),

verdicts as (
    select
        *,
        {{ verdict(
            'did is not null', 'event_clean and drift_is_small', 'identified', 'preliminary_months', 'withheld_because',
            'scope_of_range', 'placebo_rank <= rank_threshold'
        ) | indent(8) }} as verdict
    from told_apart
)

select
    event_id,
    treated_series_id,
    control_set_id,
    window_months,
    gap_months,
    is_default_gap,
    months_left_out,
    d_log_treated,
    d_log_control,
    did,
    pretrend_slope,
    pretrend_slope * lag_months as pretrend_bias,
    abs(pretrend_slope * lag_months) / nullif(abs(did), 0) as pretrend_ratio,
    -- Placebo cuts touch no episode. A comparison that does touch one is not of their kind and has no rank among them.
    case when event_clean then breakdown_m end as breakdown_m,
    case when event_clean then placebo_rank end as placebo_rank,
    n_placebo,
    n_blocks,
    mde95,
    centre,
    distance_at_threshold,
    scope_of_range,
    rank_threshold,
    false_alarm_rate,
    event_clean,
    treatment_id,
    n_other_events,
    n_other_events_any,
    rival_event_ids,
    rivals_in_windows,
    identified,
    as_of,
    verdict,
    {{ verdict_reason(
        'verdict',
        'case when did is null then reason else withheld_because end',
        "case when touches_episode then " ~ reason_episode() ~ " when touches_exposure then 'a measure applied to a control' else "
        ~ reason_drift() ~ " end",
        'not_identified_because'
    ) | indent(4) }} as reason
from verdicts
