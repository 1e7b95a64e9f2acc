select
    family_id,
    panel_id,
    cut_month,
    window_months,
    gap_months,
    exposure_kind,
    is_primary,
    reason,
    decided_on
from {{ ref('seed_panel_design') }}
