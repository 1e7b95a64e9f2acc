-- One row is how often a rule of the panels fires at dates before the event, on the primary run of a family: see rpt_method_calibration.
with rules as (
    select
        family_id,
        panel_id,
        window_months,
        gap_months,
        {{ each_item('calibration') }} as rule
    from {{ ref('int_panel_result') }}
    where is_primary
)

select
    rule.method,
    family_id,
    panel_id,
    window_months,
    gap_months,
    {{ nominal_level() }} as nominal_rate,
    rule.n_pseudo_events,
    rule.n_blocks,
    rule.fired,
    1.0 * rule.fired / rule.n_pseudo_events as false_alarm_rate,
    rule.first_cut,
    rule.last_cut,
    rule.mde95
from rules
