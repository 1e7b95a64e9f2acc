{{ config(meta={'series_of': {'int_series_monthly': ['stg_donor_pool_series treated_series_id']}}) }}
-- Each pool of donors has one row a unit and month: units are the series that the pool serves and the trade of its partners, as
-- both are known now.
with treated as (
    select
        pools.donor_pool_id,
        monthly.series_id as unit_id,
        monthly.period_start,
        monthly.value
    from {{ ref('stg_donor_pool_series') }} as pools
    inner join {{ ref('int_series_monthly') }} as monthly on pools.treated_series_id = monthly.series_id
),

donors as (
    select
        dim.donor_pool_id,
        dim.unit_id,
        flows.period_start,
        cast(flows.value_usd as double) as value
    from {{ ref('int_donor') }} as dim
    inner join {{ ref('stg_donor_pool') }} as pool on dim.donor_pool_id = pool.donor_pool_id
    inner join {{ ref('int_trade_flow') }} as flows
        on flows.reporter_iso3 = 'USA'
        and dim.partner_iso3 = flows.partner_iso3
        and pool.flow = flows.flow
        and pool.basis = flows.basis
        and pool.classification = flows.classification
        and pool.product_code = flows.product_code
    -- what came before a declared break is another series
    where flows.break_period is null or flows.period_start >= flows.break_period
)

select * from treated
union all
select * from donors
