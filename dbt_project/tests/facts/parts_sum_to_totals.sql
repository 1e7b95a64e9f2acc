-- Published totals equal their parts, in the unit of the series and the latest vintage. Tolerances are what rounding by
-- the publisher leaves (measured over all months in brackets); a unit, sign or month read wrong is far outside.
{{ config(meta={'dagster': {'ref': {'name': 'fct_observation'}}}) }}
with identities (total_id, part_id, sign, tolerance) as (
    values
        -- exports - imports = balance, whole USD million [1]
        ('usa_balance_goods_services', 'usa_exports_goods_services', 1, 1.001),
        ('usa_balance_goods_services', 'usa_imports_goods_services', -1, 1.001),
        -- exports - imports = balance, USD thousand [0.001 million]
        ('mex_balance_goods', 'mex_exports_goods', 1, 0.0015),
        ('mex_balance_goods', 'mex_imports_goods', -1, 0.0015),
        -- by use of the goods, USD million [0.11 and 0.20, months of the 1980s rounded to 0.1]
        ('mex_exports_goods', 'mex_exports_consumer_goods', 1, 0.25),
        ('mex_exports_goods', 'mex_exports_intermediate_goods', 1, 0.25),
        ('mex_exports_goods', 'mex_exports_capital_goods', 1, 0.25),
        ('mex_imports_goods', 'mex_imports_consumer_goods', 1, 0.25),
        ('mex_imports_goods', 'mex_imports_intermediate_goods', 1, 0.25),
        ('mex_imports_goods', 'mex_imports_capital_goods', 1, 0.25),
        -- gross receipts - refunds = net, USD billion with three decimals [0.001]; net is negative in 2026-05..07
        ('usa_customs_duties_net', 'usa_customs_duties_gross', 1, 0.0015),
        ('usa_customs_duties_net', 'usa_customs_duties_refunds', -1, 0.0015),
        -- whole vehicles [0]
        ('mex_production_vehicles', 'mex_production_cars', 1, 0),
        ('mex_production_vehicles', 'mex_production_trucks', 1, 0),
        ('mex_sales_trucks', 'mex_sales_trucks_domestic', 1, 0),
        ('mex_sales_trucks', 'mex_sales_trucks_imported', 1, 0),
        ('can_production_vehicles_annual', 'can_production_passenger_cars_annual', 1, 0),
        ('can_production_vehicles_annual', 'can_production_commercial_vehicles_annual', 1, 0),
        ('mex_production_vehicles_annual', 'mex_production_passenger_cars_annual', 1, 0),
        ('mex_production_vehicles_annual', 'mex_production_commercial_vehicles_annual', 1, 0),
        ('usa_production_vehicles_annual', 'usa_production_passenger_cars_annual', 1, 0),
        ('usa_production_vehicles_annual', 'usa_production_commercial_vehicles_annual', 1, 0)
),

parts as (
    select
        identities.total_id,
        observed.period_start,
        max(identities.tolerance) as tolerance,
        sum(identities.sign * observed.value) as parts,
        count(observed.value) as parts_known
    from identities
    inner join {{ ref('fct_observation') }} as observed on identities.part_id = observed.series_id
    group by identities.total_id, observed.period_start
)

select parts.total_id, parts.period_start, totals.value, parts.parts
from parts
inner join {{ ref('fct_observation') }} as totals
    on parts.total_id = totals.series_id and parts.period_start = totals.period_start
where parts.parts_known = (select count(*) from identities where identities.total_id = parts.total_id)
    and abs(totals.value - parts.parts) > parts.tolerance
