-- At dates without an event, an interval of a forecast that leaves out what came is a false alarm. This model counts them before
-- and after the intervals were calibrated, in the columns of rpt_method_calibration.
with windows as (
    select
        case model when 'arima_110_drift_month' then 'forecast_arima' else 'forecast_uc' end as method,
        *
    from {{ ref('int_counterfactual_calibration') }}
    where span = 'window'
)

{% for kind in ['nominal', 'calibrated'] %}
select
    method || '_{{ kind }}' as method,
    series_id,
    months as window_months,
    gap_months,
    {{ nominal_level() }} as nominal_rate,
    n_origins as n_pseudo_events,
    n_blocks,
    n_origins - inside_{{ kind }} as fired,
    (n_origins - inside_{{ kind }}) / cast(n_origins as double) as false_alarm_rate,
    first_cut,
    last_cut,
    error95 as mde95
from windows
where n_origins >= {{ min_placebo_cuts() }} and inside_{{ kind }} is not null
{{ 'union all' if not loop.last }}
{% endfor %}
