-- what each method's own models measured, side by side
{% for relation in [ref('int_calibration_placebo')] %}
select
    method,
    series_id,
    control_set_id,
    window_months,
    gap_months,
    nominal_rate,
    n_pseudo_events,
    n_blocks,
    fired,
    false_alarm_rate,
    first_cut,
    last_cut,
    mde95,
    rank_threshold
from {{ relation }}
{{ 'union all' if not loop.last }}
{%- endfor %}
