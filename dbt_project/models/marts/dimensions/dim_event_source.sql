select
    source_key,
    kind,
    title,
    reference,
    note
from {{ ref('stg_event_source') }}
order by source_key
