select
    partner_iso3,
    effective_from,
    effective_to,
    reason,
    source_reference
from {{ ref('seed_tariff_gap') }}
