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
    clusters.source_key,
    start.start_month as cut_month,
    start.own_month,
    start.default_gap_months
from {{ ref('stg_event_cluster') }} as clusters
left join spans on clusters.cluster_id = spans.cluster_id
-- a cluster none of whose events is in the reports has no start
left join {{ ref('int_cluster_start') }} as start on clusters.cluster_id = start.cluster_id
order by clusters.cluster_id
