-- Partners are countries and the world. Groups of partners would count the same trade twice; int_trade_flow_group keeps them.
select
    reporter_iso3,
    partner_iso3,
    flow,
    basis,
    classification,
    classification_version,
    product_code,
    product_level,
    period_start,
    value_usd,
    duty_usd,
    quantity,
    quantity_unit,
    status,
    source_id,
    known_from,
    known_from_basis,
    payload_id,
    break_period,
    break_reason
from {{ ref('int_trade_flow') }}
where partner_kind is distinct from 'group'
order by reporter_iso3, flow, basis, classification, product_level, product_code, partner_iso3, period_start
