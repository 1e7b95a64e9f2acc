with spans as (
    select
        cluster_id,
        min(event_date) as first_on,
        max(coalesce(end_date, event_date)) as last_on,
        count(*) as n_events
    from {{ ref('stg_event') }}
    where cluster_id is not null
    group by cluster_id
)

select
    clusters.cluster_id,
    clusters.title,
    clusters.description,
    spans.first_on,
    spans.last_on,
    spans.n_events,
    clusters.source_key
from {{ ref('stg_event_cluster') }} as clusters
left join spans on clusters.cluster_id = spans.cluster_id
order by clusters.cluster_id
