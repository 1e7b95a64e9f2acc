select episode_id, blocker from {{ ref('seed_answer_episode') }}
