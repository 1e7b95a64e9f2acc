-- NAICS subsectors (the trade-only codes 910-990 included) add up to the total of the same pull, in value and duty, for
-- every partner and month. A subsector lost in parsing breaks it.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
with industries as (
    select reporter_iso3, flow, basis, partner_iso3, period_start, known_from, sum(value_usd) as value_usd, sum(duty_usd) as duty_usd
    from {{ ref('fct_trade_flow') }}
    where classification = 'NAICS' and product_level = 3
    group by all
)

select total.partner_iso3, total.period_start, total.value_usd, industries.value_usd as industries_usd
from {{ ref('fct_trade_flow') }} as total
inner join industries using (reporter_iso3, flow, basis, partner_iso3, period_start, known_from)
where total.classification = 'TOTAL'
    and (total.value_usd is distinct from industries.value_usd or total.duty_usd is distinct from industries.duty_usd)
