select
    members.control_set_id,
    members.treated_series_id,
    members.control_series_id,
    sets.title,
    members.weight,
    members.contains_treated,
    members.exposed_by,
    {{ month_start('measure.effective_on') }} as exposed_from,
    sets.reason,
    sets.assumption,
    sets.declared_on
from {{ ref('seed_control_set_member') }} as members
inner join {{ ref('seed_control_set') }} as sets on members.control_set_id = sets.control_set_id
left join {{ ref('stg_tariff_measure') }} as measure on members.exposed_by = measure.measure_id
order by members.control_set_id, members.treated_series_id, members.control_series_id
