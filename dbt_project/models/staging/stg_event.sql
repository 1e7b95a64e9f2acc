-- Lists arrive as text with ';' between the items, because CSV has no lists.
select
    event_id,
    timeline,
    event_date,
    end_date,
    date_precision,
    announced_on,
    effective_on,
    published_on,
    ended_on,
    event_type,
    title,
    description,
    {{ split_list('parties') }} as parties,
    {{ split_list('topics') }} as topics,
    location,
    source_key,
    source_reference,
    confidence,
    in_force,
    cluster_id
from {{ ref('seed_event') }}
