with events as (
    select event_id, cut_month from {{ ref('int_event_cut') }}
    where in_report
),

differences as (
    select * from {{ ref('int_control_difference') }}
),

-- events of one month share their comparison
at_events as (
    select * from differences
    where cut_month in (select cut_month from events)
),

placebo as (
    select
        at_events.control_set_id,
        at_events.treated_series_id,
        at_events.window_months,
        at_events.gap_months,
        at_events.cut_month,
        at_events.did,
        placebo.did as placebo_did,
        -- its window after ends before this one's window before begins
        {{ months_between('placebo.cut_month', 'at_events.cut_month') }}
        >= at_events.lag_months + at_events.window_months as is_earlier
    from at_events
    inner join differences as placebo
        on at_events.control_set_id = placebo.control_set_id
        and at_events.treated_series_id = placebo.treated_series_id
        and at_events.window_months = placebo.window_months
        and at_events.gap_months = placebo.gap_months
    where placebo.is_placebo
        and abs({{ months_between('placebo.cut_month', 'at_events.cut_month') }}) >= {{ placebo_distance() }}
),

middles as (
    select
        control_set_id,
        treated_series_id,
        window_months,
        gap_months,
        cut_month,
        median(placebo_did) as middle
    from placebo
    group by control_set_id, treated_series_id, window_months, gap_months, cut_month
),

ranks as (
    select
        placebo.control_set_id,
        placebo.treated_series_id,
        placebo.window_months,
        placebo.gap_months,
        placebo.cut_month,
        count(*) as n_placebo,
        count(case when {{ as_far_out('placebo.placebo_did', 'placebo.did', 'middles.middle') }} then 1 end) as n_as_far,
        {{ quantile('abs(placebo.placebo_did - middles.middle)', 0.95) }} as mde95,
        abs(any_value(placebo.did) - any_value(middles.middle)) as deviation,
        count(case when placebo.is_earlier then 1 end) as n_earlier,
        max(case when placebo.is_earlier then abs(placebo.placebo_did) end) as largest_earlier
    from placebo
    inner join middles
        on placebo.control_set_id = middles.control_set_id
        and placebo.treated_series_id = middles.treated_series_id
        and placebo.window_months = middles.window_months
        and placebo.gap_months = middles.gap_months
        and placebo.cut_month = middles.cut_month
    group by
        placebo.control_set_id,
        placebo.treated_series_id,
        placebo.window_months,
        placebo.gap_months,
        placebo.cut_month
),

judged as (
    select
        at_events.*,
        ranks.deviation,
        cast(coalesce(ranks.n_placebo, 0) as integer) as n_placebo,
        cast(floor(coalesce(ranks.n_placebo, 0) / {{ placebo_block() }}) as integer) as n_blocks,
        not at_events.touches_episode and not at_events.touches_exposure as event_clean,
        case when ranks.n_placebo >= {{ min_placebo_cuts() }} then ranks.mde95 end as mde95,
        case
            when at_events.did is not null and ranks.n_placebo >= {{ min_placebo_cuts() }}
                then {{ placebo_rank('ranks.n_as_far', 'ranks.n_placebo') }}
        end as placebo_rank,
        case
            when ranks.n_earlier >= {{ min_placebo_cuts() }}
                then abs(at_events.did) / nullif(ranks.largest_earlier, 0)
        end as breakdown_m
    from at_events
    left join ranks
        on at_events.control_set_id = ranks.control_set_id
        and at_events.treated_series_id = ranks.treated_series_id
        and at_events.window_months = ranks.window_months
        and at_events.gap_months = ranks.gap_months
        and at_events.cut_month = ranks.cut_month
),

verdicts as (
    select
        events.event_id,
        judged.*,
        overlap.max_shared_post_share <= 0.5 as identified,
        case
            when judged.did is null then 'not_computable'
            when not judged.event_clean then 'confounded'
            when overlap.max_shared_post_share > 0.5 then 'overlapping'
            when judged.preliminary_months > 0 then 'preliminary_data'
            when judged.n_blocks < {{ min_placebo_blocks() }} then 'not_enough_history'
            when judged.deviation > judged.mde95 and judged.placebo_rank <= {{ placebo_level() }}
                then 'outside_usual_range'
            else 'within_usual_range'
        end as verdict
    from events
    inner join judged on events.cut_month = judged.cut_month
    inner join {{ ref('int_event_overlap') }} as overlap
        on events.event_id = overlap.event_id
        and judged.window_months = overlap.window_months
        and judged.gap_months = overlap.gap_months
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
    -- placebo cuts are clean: an unclean comparison has no place among them
    case when event_clean then breakdown_m end as breakdown_m,
    case when event_clean then placebo_rank end as placebo_rank,
    n_placebo,
    n_blocks,
    mde95,
    event_clean,
    identified,
    as_of,
    verdict,
    case verdict
        when 'not_computable' then reason
        when 'confounded'
            then case when touches_episode then 'an episode touches a window' else 'a measure applied to a control' end
        when 'overlapping' then 'more than half of the window after is shared with another event'
        when 'preliminary_data' then 'a month of a window is preliminary'
        when 'not_enough_history' then 'fewer than {{ min_placebo_blocks() }} blocks of {{ placebo_block() }} placebo cuts'
    end as reason
from verdicts
