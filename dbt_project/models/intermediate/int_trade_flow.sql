-- One row is what is known now of a trade flow cell, with what its partner code stands for and from which month on it is recorded
-- another way.
{{ config(materialized='view') }}

select
    flows.reporter_iso3,
    flows.partner_code,
    partners.geography_id as partner_geography_id,
    partners.iso3 as partner_iso3,
    partners.kind as partner_kind,
    flows.flow,
    flows.basis,
    flows.classification,
    flows.classification_version,
    flows.product_level,
    flows.product_code,
    flows.period_start,
    flows.value_usd,
    flows.duty_usd,
    flows.quantity,
    flows.quantity_unit,
    flows.status,
    flows.source_id,
    flows.known_from,
    flows.known_from_basis,
    flows.payload_id,
    breaks.break_period,
    breaks.reason as break_reason
from {{ ref('int_trade_flow_vintage') }} as flows
-- a left join, because a partner code that nobody described must fail a test and not vanish
left join {{ ref('stg_geography') }} as partners on flows.partner_code = partners.schedule_c_code
left join {{ ref('stg_declared_flow_break') }} as breaks
    on flows.reporter_iso3 = breaks.reporter_iso3
    and flows.partner_code = breaks.partner_code
    and flows.flow = breaks.flow
    and flows.basis = breaks.basis
    and flows.classification = breaks.classification
    and flows.product_level = breaks.product_level
    and flows.product_code = breaks.product_code
where flows.known_to is null
    and flows.status <> 'withdrawn'
