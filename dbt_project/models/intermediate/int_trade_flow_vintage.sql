-- This model holds every vintage of every trade flow cell. Groups of countries are among them, which fct_trade_flow leaves out.
{{ collapse_vintages(
    ref('stg_trade_flow'),
    keys=['reporter_iso3', 'partner_code', 'flow', 'basis', 'classification', 'product_level', 'product_code', 'period_start'],
    values=['value_usd', 'duty_usd', 'quantity', 'status'],
) }}
