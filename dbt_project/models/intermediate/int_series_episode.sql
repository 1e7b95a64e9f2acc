-- One row says that a confounding episode touches a monthly series, from its first month to its last: a strike of two weeks marks
-- all of the month, because a monthly figure cannot be divided.
select
    series.series_id,
    episode.episode_id,
    {{ month_start('episode.starts_on') }} as first_month,
    {{ month_start(episode_end('episode')) }} as last_month
from {{ ref('int_known_series') }} as series
inner join {{ ref('stg_episode') }} as episode
    on {{ episode_applies('episode', 'series') }}
where series.frequency = 'monthly'
order by series.series_id, first_month
