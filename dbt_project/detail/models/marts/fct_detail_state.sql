-- One row is the freight of a US state with Canada or Mexico in an HS chapter, one way, in a month.
select
    usa_state,
    commodity_2 as hs2,
    country_code,
    trade_type,
    month,
    {{ whole_sum('value') }} as value_usd,
    {{ whole_sum('shipping_weight') }} as shipping_weight_kg,
    {{ whole_sum('freight_charges') }} as freight_charges_usd
from {{ ref('stg_lake_transborder_state') }}
group by usa_state, commodity_2, country_code, trade_type, month
