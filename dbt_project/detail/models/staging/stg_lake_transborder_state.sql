-- One row is a line of BTS TransBorder freight by US state and HS chapter (dot2).
select
    month,
    trade_type,
    usa_state,
    commodity_2,
    country_code,
    value,
    shipping_weight,
    freight_charges
from {{ lake('transborder_state_commodity') }}
