select
    episode_id,
    title,
    starts_on,
    ends_on,
    applies_to,
    source_key,
    source_reference,
    description
from {{ ref('seed_episode') }}
