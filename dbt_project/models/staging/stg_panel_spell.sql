select
    measure_id,
    partner_iso3,
    rate_pct,
    effective_from,
    -- as elsewhere, the first day on which it no longer holds
    {{ add_days('effective_to', 1) }} as day_after
from {{ ref('seed_panel_spell') }}
