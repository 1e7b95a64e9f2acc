-- A measure added without its line in seed_measure_event would join to no event without anybody being told (a user's own names its event itself).
{{ config(meta={'dagster': {'ref': {'name': 'stg_tariff_measure'}}}) }}
select measure.measure_id
from {{ ref('stg_tariff_measure') }} as measure
left join {{ ref('stg_measure_event') }} as linked on measure.measure_id = linked.measure_id
where linked.measure_id is null
