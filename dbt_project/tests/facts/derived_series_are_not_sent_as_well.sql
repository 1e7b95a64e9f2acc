-- A series read off the trade flows that a payload also sends would have two histories under one id.
{{ config(meta={'dagster': {'ref': {'name': 'stg_observation'}}}) }}
select distinct appended.series_id
from {{ ref('stg_observation') }} as appended
inner join {{ ref('seed_series_from_trade_flow') }} as derived on appended.series_id = derived.series_id
