select
    cluster_id,
    title,
    description,
    source_key
from {{ ref('seed_event_cluster') }}
