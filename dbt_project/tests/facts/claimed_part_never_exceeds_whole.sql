-- What entered under a USMCA claim is a part of imports for consumption: a claim above them means mixed bases or months.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
select claimed.partner_iso3, claimed.product_code, claimed.period_start, claimed.value_usd, whole.value_usd as whole_usd
from {{ ref('fct_trade_flow') }} as claimed
left join {{ ref('fct_trade_flow') }} as whole
    on claimed.reporter_iso3 = whole.reporter_iso3
    and claimed.partner_iso3 = whole.partner_iso3
    and claimed.flow = whole.flow
    and claimed.classification = whole.classification
    and claimed.product_level = whole.product_level
    and claimed.product_code = whole.product_code
    and claimed.period_start = whole.period_start
    and whole.basis = 'consumption'
where claimed.basis = 'usmca_claimed'
    and claimed.value_usd > coalesce(whole.value_usd, 0)
