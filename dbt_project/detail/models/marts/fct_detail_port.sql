-- One row is the freight through a port with Canada or Mexico in an HS chapter, one way, in a month.
select
    port_code,
    commodity_2 as hs2,
    country_code,
    trade_type,
    month,
    {{ whole_sum('value') }} as value_usd,
    {{ whole_sum('shipping_weight') }} as shipping_weight_kg,
    {{ whole_sum('freight_charges') }} as freight_charges_usd
from {{ ref('stg_lake_transborder_port') }}
group by port_code, commodity_2, country_code, trade_type, month
