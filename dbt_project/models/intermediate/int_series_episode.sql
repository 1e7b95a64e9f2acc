-- One row says that a confounding episode touches a monthly series, from its first month to its last: a strike of two weeks marks
-- all of the month, because a monthly figure cannot be divided. A gap in the publications (is_gap) touches the months without a value only, which
-- comparisons of two windows leave out.
with touching as (
    select
        series.series_id,
        episode.episode_id,
        {{ month_start('episode.starts_on') }} as first_month,
        {{ month_start(episode_end('episode')) }} as last_month,
        {{ is_publication_gap('episode') }} as is_gap
    from {{ ref('int_known_series') }} as series
    inner join {{ ref('stg_episode') }} as episode
        on {{ episode_applies('episode', 'series') }}
    where series.frequency = 'monthly'
)

select
    series_id,
    episode_id,
    first_month,
    last_month,
    is_gap
from touching
where not is_gap
union all
select
    touching.series_id,
    touching.episode_id,
    min(monthly.period_start),
    max(monthly.period_start),
    true
from touching
inner join {{ ref('int_series_monthly') }} as monthly
    on touching.series_id = monthly.series_id
    and monthly.period_start between touching.first_month and touching.last_month
where touching.is_gap and monthly.value is null
group by touching.series_id, touching.episode_id
order by series_id, first_month
