-- One row is what is known now of a freight cell.
{{ config(materialized='view') }}

with vintages as (
    {{ collapse_vintages(
        ref('stg_freight_flow'),
        keys=['us_state_code', 'partner_iso3', 'partner_region_code', 'hs2', 'transport_mode', 'flow', 'period_start'],
        values=['value_usd', 'shipping_weight_kg', 'freight_charges_usd', 'status'],
    ) }}
)

select *
from vintages
where known_to is null
    and status <> 'withdrawn'
