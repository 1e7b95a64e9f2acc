with events as (
    select event_id, cut_month from {{ ref('int_event_cut') }}
    where in_report
),

months as (
    select
        compared.*,
        {{ add_months('compared.cut_month', 'compared.months - 1') }} as month_start,
        calibration.scale as half_widths,
        calibration.n_origins,
        calibration.inside_calibrated / cast(calibration.n_origins as double) as coverage_measured
    from {{ ref('int_counterfactual') }} as compared
    left join {{ ref('int_counterfactual_calibration') }} as calibration
        on compared.model = calibration.model
        and compared.series_id = calibration.series_id
        and compared.gap_months = calibration.gap_months
        and compared.span = calibration.span
        and compared.months = calibration.months
    where compared.span = 'month'
        and compared.is_event_cut
        and compared.expected is not null
)

select
    events.event_id,
    months.series_id,
    months.model,
    months.gap_months,
    months.train_start,
    months.train_end,
    months.month_start as month,
    {{ in_own_unit('months.actual') }} as actual,
    {{ in_own_unit('months.expected') }} as expected,
    {{ in_own_unit('months.expected - months.half_width') }} as lower95,
    {{ in_own_unit('months.expected + months.half_width') }} as upper95,
    {{ in_own_unit('months.expected - months.half_widths * months.half_width') }} as lower95_calibrated,
    {{ in_own_unit('months.expected + months.half_widths * months.half_width') }} as upper95_calibrated,
    months.coverage_measured,
    coalesce(months.n_origins, 0) as n_origins
from events
inner join months on events.cut_month = months.cut_month
