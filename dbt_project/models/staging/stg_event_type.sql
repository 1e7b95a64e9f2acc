select
    event_type,
    title,
    description,
    is_measure,
    event_class
from {{ ref('seed_event_type') }}
