with events as (
    select event_id, cut_month from {{ ref('int_event_cut') }}
    where in_report
),

differences as (
    select * from {{ ref('int_control_difference') }}
),

-- events with one cut month share their comparison
at_events as (
    select * from differences
    where cut_month in (select cut_month from events)
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

judged as (
    select
        events.event_id,
        at_events.*,
        overlap.max_shared_post_share,
        coalesce(standing.n_placebo, 0) as n_placebo,
        coalesce(standing.n_blocks, 0) as n_blocks,
        not at_events.touches_episode and not at_events.touches_exposure as event_clean,
        standing.mde95,
        standing.placebo_rank,
        levels.rank_threshold,
        rates.false_alarm_rate,
        case
            when earlier.n_earlier >= {{ min_placebo_cuts() }}
                then abs(at_events.did) / nullif(earlier.largest_earlier, 0)
        end as breakdown_m
    from events
    inner join at_events on events.cut_month = at_events.cut_month
    inner join {{ ref('int_event_overlap') }} as overlap
        on events.event_id = overlap.event_id
        and at_events.window_months = overlap.window_months
        and at_events.gap_months = overlap.gap_months
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
        on rates.method = 'difference_in_differences_rank_calibrated'
        and at_events.control_set_id = rates.control_set_id
        and at_events.treated_series_id = rates.series_id
        and at_events.window_months = rates.window_months
        and at_events.gap_months = rates.gap_months
),

verdicts as (
    select
        *,
        max_shared_post_share <= {{ max_shared_share() }} as identified,
        {{ verdict(
            'did is not null', 'event_clean', 'max_shared_post_share', 'preliminary_months', 'n_blocks',
            'placebo_rank <= rank_threshold'
        ) | indent(8) }} as verdict
    from judged
)

select
    event_id,
    treated_series_id,
    control_set_id,
    window_months,
    gap_months,
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
    rank_threshold,
    false_alarm_rate,
    event_clean,
    identified,
    as_of,
    verdict,
    {{ verdict_reason(
        'verdict', 'reason',
        "case when touches_episode then 'an episode touches a window' else 'a measure applied to a control' end"
    ) | indent(4) }} as reason
from verdicts
