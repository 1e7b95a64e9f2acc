select
    rule_id,
    agreement,
    vehicle_class,
    requirement,
    part_class,
    effective_from,
    effective_to,
    threshold_pct,
    method,
    confidence,
    source_key,
    source_reference
from {{ ref('seed_origin_rule') }}
