{{ config(meta={'by_series': ['int_interrupted_time_series', 'dim_series']}) }}
with rates as (
    select
        series_id,
        n_pseudo_events,
        fired,
        false_alarm_rate
    from {{ ref('int_calibration_its') }}
    where method = 'its_gls'
),

-- the rate that stands in for a series without enough clean dates of its own
pooled as (
    select sum(fired) / cast(nullif(sum(n_pseudo_events), 0) as double) as false_alarm_rate from rates
),

fitted as (
    select
        designs.event_id,
        designs.dropped_months,
        estimate.*,
        rates.n_pseudo_events >= {{ min_pseudo_events() }} as is_own_rate,
        case
            when rates.n_pseudo_events >= {{ min_pseudo_events() }} then rates.false_alarm_rate
            else pooled.false_alarm_rate
        end as known_rate
    from {{ ref('int_event_design') }} as designs
    inner join {{ ref('int_interrupted_time_series') }} as estimate on designs.design_id = estimate.design_id
    inner join {{ ref('dim_series') }} as series
        on estimate.series_id = series.series_id
        -- a series that ended before the event, or began after it, has nothing to compare
        and designs.cut_month > series.first_period
        and designs.cut_month <= series.last_period
    left join rates on estimate.series_id = rates.series_id
    cross join pooled
)

select
    event_id,
    series_id,
    cut_month,
    scale,
    first_month,
    last_month,
    n_months,
    dropped_months,
    n_regressors,
    ar_order,
    level_change,
    slope_change,
    effect_6,
    effect_12,
    effect_24,
    se_gls,
    -- a p whose false-alarm rate was not measured is not shown
    case when known_rate is not null then p_gls end as p_gls,
    level_change_ols,
    se_ewc,
    case when known_rate is not null then p_ewc end as p_ewc,
    se_nw,
    case when known_rate is not null then p_nw end as p_nw,
    joint_events,
    case when reason is null then known_rate end as false_alarm_rate,
    case when reason is null and known_rate is not null then case when is_own_rate then 'series' else 'all series' end end
        as false_alarm_basis,
    reason
from fitted
