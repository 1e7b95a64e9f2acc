-- A tag in applies_to that no rule knows would leave an episode without effect, and every comparison would look clean of it.
{{ config(meta={'dagster': {'ref': {'name': 'dim_episode'}}}) }}
select episode.episode_id, episode.applies_to
from {{ ref('dim_episode') }} as episode
left join {{ ref('int_series_episode') }} as applied on episode.episode_id = applied.episode_id
where applied.episode_id is null
