select
    donor_pool_id,
    title,
    flow,
    basis,
    classification,
    product_code,
    unit_prefix,
    reason,
    assumption,
    declared_on
from {{ ref('seed_donor_pool') }}
