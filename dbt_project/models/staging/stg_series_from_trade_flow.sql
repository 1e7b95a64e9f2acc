select
    series_id,
    measure,
    reporter_iso3,
    partner_code,
    flow,
    basis,
    classification,
    product_level,
    product_code
from {{ ref('seed_series_from_trade_flow') }}
