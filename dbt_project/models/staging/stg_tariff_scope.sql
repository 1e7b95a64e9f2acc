select
    measure_id,
    product_system,
    product_code,
    coverage,
    reason
from {{ ref('seed_tariff_scope') }}
