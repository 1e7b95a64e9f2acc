select
    event_id,
    party,
    topic,
    position,
    value,
    unit,
    status,
    source_key,
    source_reference,
    origin
from {{ ref('stg_position') }}
order by event_id, party, topic, position
