-- Prevents a cluster that nothing or only one event belongs to: the cluster table would show a wave without a first day.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event_cluster'}}}) }}
select clusters.cluster_id, count(events.event_id) as n_events
from {{ ref('seed_event_cluster') }} as clusters
left join {{ ref('seed_event') }} as events on clusters.cluster_id = events.cluster_id
group by clusters.cluster_id
having count(events.event_id) < 2
