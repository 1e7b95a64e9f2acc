select
    event_id,
    timeline,
    event_date,
    end_date,
    date_precision,
    announced_on,
    effective_on,
    ended_on,
    event_type,
    title,
    description,
    parties,
    topics,
    location,
    source_key,
    source_reference,
    confidence,
    in_force,
    cluster_id
from {{ ref('stg_event') }}
order by event_date, event_id
