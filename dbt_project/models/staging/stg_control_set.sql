select
    control_set_id,
    title,
    reason,
    assumption,
    declared_on
from {{ ref('seed_control_set') }}
