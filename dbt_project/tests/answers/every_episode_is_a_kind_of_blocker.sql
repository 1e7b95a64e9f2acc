-- Prevents an episode that stands in the way of an answer from going unnamed: the answer would have no blocker and no verdict.
{{ config(meta={'dagster': {'ref': {'name': 'seed_answer_episode'}}}) }}
select episode.episode_id
from {{ ref('stg_episode') }} as episode
left join {{ ref('seed_answer_episode') }} as kind on episode.episode_id = kind.episode_id
where kind.blocker is null
