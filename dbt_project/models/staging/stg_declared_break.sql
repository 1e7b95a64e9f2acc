select
    series_id,
    break_period,
    reason,
    source_reference
from {{ ref('seed_declared_break') }}
