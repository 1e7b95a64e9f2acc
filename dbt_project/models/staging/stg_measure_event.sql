select
    measure_id,
    event_id,
    no_event_because
from {{ ref('seed_measure_event') }}
