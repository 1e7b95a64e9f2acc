-- One row is a month of a cell of a panel: a product group and a partner, in the figures known now. A month without trade has no row.
select
    panel.panel_id,
    flows.product_code,
    flows.partner_iso3,
    flows.period_start,
    flows.classification_version,
    flows.value_usd,
    flows.duty_usd
from {{ ref('stg_panel') }} as panel
inner join {{ ref('int_trade_flow') }} as flows
    on panel.flow = flows.flow
    and panel.basis = flows.basis
    and panel.classification = flows.classification
    and panel.product_level = flows.product_level
    and panel.source_id = flows.source_id
where flows.reporter_iso3 = 'USA'
    -- the world and groups hold the partners
    and flows.partner_kind = 'country'
    and not list_contains(panel.except_products, flows.product_code)
order by panel.panel_id, flows.product_code, flows.partner_iso3, flows.period_start
