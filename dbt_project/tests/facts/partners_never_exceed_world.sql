-- Whatever the list of partners, together they cannot trade more than the world: groups beside their members would.
-- Value and duty, every product; months without a world row are left out. 100 dollars are the rounding of the world in the totals of before
-- 2013, which the partners pass by at most 50.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
select
    reporter_iso3,
    flow,
    basis,
    classification,
    product_level,
    product_code,
    period_start,
    max(value_usd) filter (where partner_iso3 = 'WLD') as world_usd,
    sum(value_usd) filter (where partner_iso3 <> 'WLD') as partners_usd
from {{ ref('fct_trade_flow') }}
group by all
having sum(value_usd) filter (where partner_iso3 <> 'WLD') > max(value_usd) filter (where partner_iso3 = 'WLD') + 100
    or sum(duty_usd) filter (where partner_iso3 <> 'WLD') > max(duty_usd) filter (where partner_iso3 = 'WLD')
