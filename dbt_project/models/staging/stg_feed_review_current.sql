select
    feed_id,
    period_start,
    decision,
    decided_because,
    event_id,
    measure_id,
    status,
    known_from
from {{ source('raw', 'feed_review_current') }}
