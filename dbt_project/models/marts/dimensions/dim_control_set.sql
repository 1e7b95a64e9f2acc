select
    member.control_set_id,
    member.treated_series_id,
    member.control_series_id,
    control_set.title,
    member.weight,
    member.contains_treated,
    member.exposed_by,
    member.exposed_from,
    control_set.reason,
    control_set.assumption,
    control_set.declared_on
from {{ ref('int_control_set_member') }} as member
inner join {{ ref('stg_control_set') }} as control_set on member.control_set_id = control_set.control_set_id
order by member.control_set_id, member.treated_series_id, member.control_series_id
