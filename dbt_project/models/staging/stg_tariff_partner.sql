select
    measure_id,
    partner_iso3,
    treatment,
    rate_pct,
    rate_kind,
    effective_from,
    effective_to,
    reason,
    source_reference
from {{ ref('seed_tariff_partner') }}
