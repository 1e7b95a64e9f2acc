-- One row is the measured false-alarm rate of a method for a series. Each method measures it in models of its own; this report puts
-- them side by side.
{%- set of_pairs = ['control_set_id', 'rank_threshold'] %}
{%- set of_panels = ['family_id', 'panel_id'] %}
{%- set relations = [
    (ref('int_calibration_placebo'), of_pairs),
    (ref('int_calibration_counterfactual'), []),
    (ref('int_calibration_its'), []),
    (ref('int_calibration_panel'), of_panels),
] %}
{% for relation, has in relations %}
select
    method,
    {{ 'cast(null as varchar) as series_id' if 'family_id' in has else 'series_id' }},
    {{ 'control_set_id' if 'control_set_id' in has else 'cast(null as varchar) as control_set_id' }},
    {{ 'family_id' if 'family_id' in has else 'cast(null as varchar) as family_id' }},
    {{ 'panel_id' if 'panel_id' in has else 'cast(null as varchar) as panel_id' }},
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
    {{ 'rank_threshold' if 'rank_threshold' in has else 'cast(null as double) as rank_threshold' }}
from {{ relation }}
{{ 'union all' if not loop.last }}
{%- endfor %}
