-- One row is the measured false-alarm rate of a method for a series, for a family of series, or for a family of measures on a panel. Each
-- method measures it in models of its own; this report puts them side by side.
{%- set of_pairs = ['control_set_id', 'rank_threshold'] %}
{%- set of_panels = ['family_id', 'panel_id', 'exposure_kind', 'false_alarm_high'] %}
{%- set relations = [
    (ref('int_calibration_placebo'), of_pairs),
    (ref('int_calibration_counterfactual'), []),
    (ref('int_calibration_its'), []),
    (ref('int_calibration_panel'), of_panels),
] %}
{% for relation, has in relations %}
select
    measured.method,
    {{ 'cast(null as varchar) as series_id' if 'family_id' in has else 'measured.series_id' }},
    {{ 'measured.family_id' if 'family_id' in has else 'family.family_id' }},
    {{ 'measured.panel_id' if 'panel_id' in has else 'cast(null as varchar) as panel_id' }},
    {{ 'measured.exposure_kind' if 'exposure_kind' in has else 'cast(null as varchar) as exposure_kind' }},
    'all' as era,
    {{ 'measured.control_set_id' if 'control_set_id' in has else 'cast(null as varchar) as control_set_id' }},
    measured.window_months,
    measured.gap_months,
    measured.nominal_rate,
    measured.n_pseudo_events,
    measured.n_blocks,
    measured.fired,
    measured.false_alarm_rate,
    cast(null as double) as false_alarm_se,
    {{ 'measured.false_alarm_high' if 'false_alarm_high' in has else 'cast(null as double) as false_alarm_high' }},
    measured.first_cut,
    measured.last_cut,
    measured.mde95,
    {{ 'measured.rank_threshold' if 'rank_threshold' in has else 'cast(null as double) as rank_threshold' }},
    cast(null as double) as z_threshold
from {{ relation }} as measured
{%- if 'family_id' not in has %}
inner join {{ ref('int_series_family') }} as family on measured.series_id = family.series_id
{%- endif %}
union all
{%- endfor %}
-- the rule of the verdict, over families and eras
select
    case measured.scope_of_range
        when 'own' then 'placebo_rank_calibrated_by_family'
        when 'pooled' then 'placebo_range_pooled_by_family'
    end,
    cast(null as varchar),
    measured.family_id,
    cast(null as varchar),
    cast(null as varchar),
    measured.era,
    cast(null as varchar),
    measured.window_months,
    measured.gap_months,
    cast({{ false_alarm_target() }} as double),
    measured.n_pseudo_events,
    measured.n_stretches,
    measured.fired,
    measured.false_alarm_rate,
    measured.false_alarm_se,
    cast(null as double),
    measured.first_cut,
    measured.last_cut,
    cast(null as double),
    levels.rank_threshold,
    levels.z_threshold
from {{ ref('int_family_calibration') }} as measured
left join {{ ref('int_rank_threshold') }} as levels
    on levels.comparison = case measured.scope_of_range when 'own' then 'before_after' when 'pooled' then 'before_after_pooled' end
    and levels.for_half = {{ both_halves() }}
    and measured.window_months = levels.window_months
    and measured.gap_months = levels.gap_months
where measured.n_pseudo_events >= {{ min_placebo_cuts() }}
