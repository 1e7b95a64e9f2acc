-- Every dollar of the lake stands in the products, in the districts and in the countries once: a join or a cut of a code that lost or
-- doubled rows would change a total. Fails with each total that differs. Each table is read once, and what is not told of it is null.
with told as (
    select 'imports' as total, consumption_value as lake, cast(null as bigint) as by_product, cast(null as bigint) as by_district
    from {{ ref('stg_lake_imports') }}
    union all
    select 'imports', null, consumption_value, null from {{ ref('fct_detail_import') }}
    union all
    select 'imports', null, null, consumption_value from {{ ref('fct_detail_import_district') }}
    union all
    select 'duty', calculated_duty, null, null from {{ ref('stg_lake_imports') }}
    union all
    select 'duty', null, calculated_duty, null from {{ ref('fct_detail_import') }}
    union all
    select 'duty', null, null, calculated_duty from {{ ref('fct_detail_import_district') }}
    union all
    select 'exports', export_value, null, null from {{ ref('stg_lake_exports') }}
    union all
    select 'exports', null, export_value, null from {{ ref('fct_detail_export') }}
    union all
    select 'exports', null, null, export_value from {{ ref('fct_detail_export_district') }}
    union all
    -- of freight there is one cut each
    select 'freight by state', value, value, null from {{ ref('stg_lake_transborder_state') }}
    union all
    select 'freight by state', null, null, value_usd from {{ ref('fct_detail_state') }}
    union all
    select 'freight by port', value, value, null from {{ ref('stg_lake_transborder_port') }}
    union all
    select 'freight by port', null, null, value_usd from {{ ref('fct_detail_port') }}
)

select
    total,
    sum(lake) as lake,
    sum(by_product) as by_product,
    sum(by_district) as by_district
from told
group by total
having coalesce(sum(lake), 0) <> coalesce(sum(by_product), 0) or coalesce(sum(lake), 0) <> coalesce(sum(by_district), 0)
