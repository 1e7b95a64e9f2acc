select
    rule_id,
    agreement,
    vehicle_class,
    requirement,
    part_class,
    method,
    threshold_pct,
    effective_from,
    effective_to,
    confidence,
    source_key,
    source_reference
from {{ ref('stg_origin_rule') }}
order by agreement, vehicle_class, requirement, part_class, method, effective_from
