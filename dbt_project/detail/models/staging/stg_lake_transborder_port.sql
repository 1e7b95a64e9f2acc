-- One row is a line of BTS TransBorder freight by port of entry or exit and HS chapter (dot3).
select
    month,
    trade_type,
    port_code,
    commodity_2,
    country_code,
    value,
    shipping_weight,
    freight_charges
from {{ lake('transborder_port_commodity') }}
