select
    source_key,
    kind,
    title,
    reference,
    note,
    origin
from {{ ref('stg_event_source') }}
order by source_key
