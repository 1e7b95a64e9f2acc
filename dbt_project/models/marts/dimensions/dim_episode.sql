select
    episode_id,
    title,
    description,
    starts_on,
    ends_on,
    applies_to,
    source_key,
    source_reference
from {{ ref('stg_episode') }}
order by starts_on, episode_id
