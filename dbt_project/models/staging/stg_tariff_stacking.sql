select
    programme_a,
    programme_b,
    relation,
    effective_from,
    effective_to,
    reason,
    source_reference
from {{ ref('seed_tariff_stacking') }}
