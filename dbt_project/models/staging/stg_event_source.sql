select
    source_key,
    kind,
    title,
    reference,
    note
from {{ ref('seed_event_source') }}
