-- every vintage of every trade flow cell, groups of countries included (fct_trade_flow leaves those out)
{{ collapse_vintages(
    ref('stg_trade_flow'),
    keys=['reporter_iso3', 'partner_code', 'flow', 'basis', 'classification', 'product_level', 'product_code', 'period_start'],
    values=['value_usd', 'duty_usd', 'quantity', 'status'],
) }}
