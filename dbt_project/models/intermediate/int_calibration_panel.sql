-- One row is how often a rule of the panels fires where nothing happened: at dates before the event, and of states with the exposures dealt
-- out anew. Of goods the primary run of a family is tried, of states every run on the latest figures: see rpt_method_calibration.
with rules as (
    select
        family_id,
        panel_id,
        window_months,
        gap_months,
        exposure_kind,
        {{ each_item('calibration') }} as rule
    from {{ ref('int_panel_result') }}
    where is_primary
    union all
    select
        family_id,
        panel_id,
        window_months,
        gap_months,
        exposure_kind,
        {{ each_item('calibration') }} as rule
    from {{ ref('int_state_result') }}
    where as_of_basis = 'latest'
)

select
    rule.method,
    family_id,
    panel_id,
    window_months,
    gap_months,
    exposure_kind,
    {{ nominal_level() }} as nominal_rate,
    rule.n_pseudo_events,
    rule.n_blocks,
    rule.fired,
    1.0 * rule.fired / rule.n_pseudo_events as false_alarm_rate,
    rule.false_alarm_high,
    rule.first_cut,
    rule.last_cut,
    rule.mde95
from rules
