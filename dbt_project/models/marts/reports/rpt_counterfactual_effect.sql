{{ config(meta={'by_series': ['int_counterfactual', 'int_counterfactual_calibration']}) }}
with events as (
    select event_id, cut_month, default_gap_months from {{ ref('int_event_cut') }}
    where in_report
),

windows as (
    select
        compared.*,
        compared.actual - compared.expected as effect,
        -- The interval of a series was widened until it just reaches one of its own dates, which may be the cut of an event, and which is
        -- inside: without the margin, the last digit of two numbers that are equal would decide between inside and outside.
        case
            when abs(abs(compared.actual - compared.expected) - calibration.scale * compared.half_width)
                <= calibration.scale * compared.half_width * {{ rounding() }}
                then abs(compared.actual - compared.expected)
            else calibration.scale * compared.half_width
        end as half_width_calibrated,
        case when calibration.n_origins >= {{ min_placebo_cuts() }}
            then calibration.inside_nominal / cast(calibration.n_origins as double)
        end as coverage_nominal,
        calibration.inside_calibrated / cast(calibration.n_origins as double) as coverage_measured,
        coalesce(calibration.n_origins, 0) as n_origins,
        coalesce(calibration.n_blocks, 0) as n_blocks,
        calibration.error95
    from {{ ref('int_counterfactual') }} as compared
    left join {{ ref('int_counterfactual_calibration') }} as calibration
        on compared.model = calibration.model
        and compared.series_id = calibration.series_id
        and compared.gap_months = calibration.gap_months
        and compared.span = calibration.span
        and compared.months = calibration.months
    where compared.span = 'window' and compared.is_event_cut
),

final as (
    select
        events.event_id,
        windows.gap_months = events.default_gap_months as is_default_gap,
        windows.*,
        {{ in_own_unit('windows.actual') }} as actual_unit,
        {{ in_own_unit('windows.expected') }} as expected_unit,
        case when windows.scale = 'log' then 100 * (exp(windows.effect) - 1) end as per_cent,
        windows.n_episode_months = 0 as is_clean
    from events
    inner join windows
        on events.cut_month = windows.cut_month
        and {{ gap_is_reported('windows.gap_months', 'events.default_gap_months') }}
)

-- The series stands first because a release is sorted by the first columns, and figures of one size compress a fifth better.
select
    series_id,
    event_id,
    model,
    months as window_months,
    gap_months,
    is_default_gap,
    cut_month,
    train_start,
    train_end,
    n_train,
    scale,
    {{ significant('actual_unit') }} as actual_mean,
    {{ significant('expected_unit') }} as expected_mean,
    {{ significant('effect') }} as effect,
    {{ significant('per_cent') }} as effect_pct,
    {{ significant('effect - half_width') }} as lower95,
    {{ significant('effect + half_width') }} as upper95,
    {{ significant('effect - half_width_calibrated') }} as lower95_calibrated,
    {{ significant('effect + half_width_calibrated') }} as upper95_calibrated,
    coverage_nominal,
    coverage_measured,
    n_origins,
    n_blocks,
    error95 as mde95,
    is_clean as event_clean,
    case when is_clean then abs(effect) > half_width_calibrated end as outside_calibrated,
    case
        when reason is not null then reason
        when not is_clean then 'an episode touches a window'
        when half_width_calibrated is null then {{ reason_not_calibrated() }}
    end as reason
from final
