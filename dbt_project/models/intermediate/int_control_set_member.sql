-- One row is a control of a treated series. exposed_from is the month of the first tariff measure that was known to reach the control when it
-- was declared. Which cuts a control is not untouched at is told by reach (int_control_difference).
select
    member.control_set_id,
    member.treated_series_id,
    member.control_series_id,
    member.weight,
    member.contains_treated,
    member.exposed_by,
    {{ month_start('measure.effective_on') }} as exposed_from
from {{ ref('stg_control_set_member') }} as member
left join {{ ref('stg_tariff_measure') }} as measure on member.exposed_by = measure.measure_id
