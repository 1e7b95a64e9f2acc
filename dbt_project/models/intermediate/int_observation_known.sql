{{ config(materialized="view") }}
-- all that was ever known of any series: sent as a series, or read off the trade flows
select * from {{ ref('stg_observation') }}
union all
select * from {{ ref('int_trade_flow_observation') }}
