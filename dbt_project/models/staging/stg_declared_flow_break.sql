select
    reporter_iso3,
    partner_code,
    flow,
    basis,
    classification,
    product_level,
    product_code,
    break_period,
    reason,
    source_reference
from {{ ref('seed_declared_flow_break') }}
