-- Prevents a fact without a source from passing as sourced: only low confidence keeps an event out of the report tables.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event'}}}) }}
select 'seed_event' as seed, event_id as row_key from {{ ref('seed_event') }} where source_key = 'UNVERIFIED' and confidence <> 'low'
union all
select 'seed_tariff_measure', measure_id from {{ ref('seed_tariff_measure') }} where source_key = 'UNVERIFIED' and confidence <> 'low'
union all
select 'seed_origin_rule', rule_id from {{ ref('seed_origin_rule') }} where source_key = 'UNVERIFIED' and confidence <> 'low'
