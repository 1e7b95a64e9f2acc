select
    us_state_code,
    partner_iso3,
    partner_region_code,
    hs2,
    transport_mode,
    flow,
    period_start,
    value_usd,
    shipping_weight_kg,
    freight_charges_usd,
    source_id,
    status,
    known_from,
    known_from_basis,
    payload_id,
    load_id
from {{ source('raw', 'freight_flow') }}
