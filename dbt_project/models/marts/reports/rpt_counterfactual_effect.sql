with events as (
    select event_id, cut_month from {{ ref('int_event_cut') }}
    where in_report
),

windows as (
    select
        compared.*,
        compared.actual - compared.expected as effect,
        calibration.scale * compared.half_width as half_width_calibrated,
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
)

select
    events.event_id,
    windows.series_id,
    windows.model,
    windows.months as window_months,
    windows.gap_months,
    windows.cut_month,
    windows.train_start,
    windows.train_end,
    windows.n_train,
    windows.scale,
    {{ in_own_unit('windows.actual') }} as actual_mean,
    {{ in_own_unit('windows.expected') }} as expected_mean,
    windows.effect,
    case when windows.scale = 'log' then 100 * (exp(windows.effect) - 1) end as effect_pct,
    windows.effect - windows.half_width as lower95,
    windows.effect + windows.half_width as upper95,
    windows.effect - windows.half_width_calibrated as lower95_calibrated,
    windows.effect + windows.half_width_calibrated as upper95_calibrated,
    windows.coverage_nominal,
    windows.coverage_measured,
    windows.n_origins,
    windows.n_blocks,
    windows.error95 as mde95,
    windows.n_episode_months = 0 as event_clean,
    case when windows.n_episode_months = 0 then abs(windows.effect) > windows.half_width_calibrated end as outside_calibrated,
    case
        when windows.reason is not null then windows.reason
        when windows.n_episode_months > 0 then 'an episode touches a window'
        when windows.half_width_calibrated is null then {{ reason_not_calibrated() }}
    end as reason
from events
inner join windows on events.cut_month = windows.cut_month
