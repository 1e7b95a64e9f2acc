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
    status,
    source_id,
    known_from,
    known_from_basis,
    payload_id
from {{ ref('int_freight_flow') }}
order by hs2, flow, partner_iso3, us_state_code, partner_region_code, transport_mode, period_start
