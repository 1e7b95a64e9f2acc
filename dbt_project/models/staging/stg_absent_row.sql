select
    source_id,
    held_as,
    zeros,
    absent_row,
    evidence
from {{ ref('seed_absent_row') }}
