-- As latest_agrees_with_store, for the flow tables: rows and dollars of the current state and of the facts, groups of
-- partners included.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
with compared as (
    select
        'trade_flow' as table_name,
        (select count(*) from {{ source('raw', 'trade_flow_current') }} where status <> 'withdrawn') as stored_rows,
        (select sum(value_usd) from {{ source('raw', 'trade_flow_current') }} where status <> 'withdrawn') as stored_usd,
        (select count(*) from {{ ref('fct_trade_flow') }}) + (select count(*) from {{ ref('int_trade_flow_group') }}) as fact_rows,
        (select coalesce(sum(value_usd), 0) from {{ ref('fct_trade_flow') }})
            + (select coalesce(sum(value_usd), 0) from {{ ref('int_trade_flow_group') }}) as fact_usd
    union all
    select
        'freight_flow',
        (select count(*) from {{ source('raw', 'freight_flow_current') }} where status <> 'withdrawn'),
        (select sum(value_usd) from {{ source('raw', 'freight_flow_current') }} where status <> 'withdrawn'),
        (select count(*) from {{ ref('fct_freight_flow') }}),
        (select coalesce(sum(value_usd), 0) from {{ ref('fct_freight_flow') }})
)

select *
from compared
where stored_rows <> fact_rows
    or coalesce(stored_usd, 0) <> fact_usd
