select
    programme_a,
    programme_b,
    relation,
    due_programme,
    rest_pays,
    effective_from,
    effective_to,
    reason,
    source_reference
from {{ ref('seed_tariff_stacking') }}
