-- HS chapters add up to the total of imports for consumption: to the dollar where both are final. The totals were
-- pulled in 2026, the chapters in 2021; since then the annual revisions changed 2019 and later, by at most 1.8 % of a
-- partner's month of the six main partners and the world, so those may differ by 2 %. A chapter lost or doubled is rarely that
-- small. Of the other partners a month was changed by up to 14 % (Sweden, June 2021): 15 %.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
with chapters as (
    select reporter_iso3, flow, basis, partner_iso3, period_start, count(*) as chapters, sum(value_usd) as chapters_usd
    from {{ ref('fct_trade_flow') }}
    where classification = 'HS' and product_level = 2
    group by all
)

select total.partner_iso3, total.period_start, total.value_usd, chapters.chapters_usd
from {{ ref('fct_trade_flow') }} as total
inner join chapters using (reporter_iso3, flow, basis, partner_iso3, period_start)
where total.classification = 'TOTAL'
    -- months of which only single chapters are here
    and chapters.chapters >= 80
    and abs(chapters.chapters_usd - total.value_usd) > case
        when total.period_start < date '2019-01-01' then 0
        when total.partner_iso3 in ('WLD', 'CAN', 'MEX', 'CHN', 'DEU', 'JPN', 'KOR') then 0.02 * total.value_usd
        else 0.15 * total.value_usd
    end
