-- The Census Bureau's group 0020 is Canada plus Mexico to the dollar, in value and duty, whatever the product: a
-- difference means that a partner was dropped, or that the group's and the members' vintages were mixed.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
with members as (
    select reporter_iso3, flow, basis, classification, product_level, product_code, period_start, sum(value_usd) as value_usd, sum(duty_usd) as duty_usd
    from {{ ref('fct_trade_flow') }}
    where partner_iso3 in ('CAN', 'MEX')
    group by all
)

select grouped.flow, grouped.basis, grouped.classification, grouped.product_code, grouped.period_start, grouped.value_usd, members.value_usd as members_usd
from {{ ref('int_trade_flow_group') }} as grouped
left join members using (reporter_iso3, flow, basis, classification, product_level, product_code, period_start)
where grouped.partner_code = '0020'
    and (grouped.value_usd is distinct from members.value_usd or grouped.duty_usd is distinct from members.duty_usd)
