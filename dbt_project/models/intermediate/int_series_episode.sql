-- which confounding episodes touch which monthly series, in whole months: a strike of two weeks marks its months
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
