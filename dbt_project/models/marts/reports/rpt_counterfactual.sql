-- The path of an event inside a month begins with that month, which the forecast does not know: what comes after it is the path that leaves the
-- event's own month out.
{{ config(meta={'by_series': ['int_counterfactual', 'int_counterfactual_calibration']}) }}
with events as (
    select
        event_id,
        cut_month,
        coalesce(own_month, cut_month) as first_month,
        default_gap_months
    from {{ ref('int_event_cut') }}
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
),

-- figures brought back to the unit of the series
final as (
    select
        events.event_id,
        events.default_gap_months,
        months.*,
        {{ in_own_unit('months.actual') }} as actual_unit,
        {{ in_own_unit('months.expected') }} as expected_unit,
        {{ in_own_unit('months.expected - months.half_width') }} as lower_unit,
        {{ in_own_unit('months.expected + months.half_width') }} as upper_unit,
        {{ in_own_unit('months.expected - months.half_widths * months.half_width') }} as lower_calibrated,
        {{ in_own_unit('months.expected + months.half_widths * months.half_width') }} as upper_calibrated
    from events
    inner join months
        on events.first_month = months.cut_month
        and events.cut_month <= months.month_start
)

-- The series stands first because a release is sorted by the first columns, and figures of one size compress a fifth better.
select
    series_id,
    event_id,
    model,
    default_gap_months as gap_months,
    train_start,
    train_end,
    month_start as month,
    {{ significant('actual_unit', 12) }} as actual,
    {{ significant('expected_unit') }} as expected,
    {{ significant('lower_unit') }} as lower95,
    {{ significant('upper_unit') }} as upper95,
    {{ significant('lower_calibrated') }} as lower95_calibrated,
    {{ significant('upper_calibrated') }} as upper95_calibrated,
    coverage_measured,
    coalesce(n_origins, 0) as n_origins
from final
