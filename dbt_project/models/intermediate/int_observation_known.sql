{{ config(materialized="view", meta={'by_series': ['stg_observation', 'int_trade_flow_observation']}) }}
-- This model holds all rows that say what was known of a series: those sent as a series and those read off the trade flows.
select * from {{ ref('stg_observation') }}
union all
select * from {{ ref('int_trade_flow_observation') }}
