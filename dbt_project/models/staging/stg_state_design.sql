select
    family_id,
    title,
    event_id,
    cut_month,
    window_months,
    gap_months,
    quiet_until,
    is_primary,
    reason,
    decided_on
from {{ ref('seed_state_design') }}
