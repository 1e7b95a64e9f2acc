select
    source_key,
    kind,
    title,
    reference,
    note,
    'headway' as origin
from {{ ref('seed_event_source') }}
union all
select
    source_key,
    kind,
    title,
    reference,
    note,
    'user'
from {{ source('raw', 'own_event_source') }}
