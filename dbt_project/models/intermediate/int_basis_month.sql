-- One row is a month of a series on one basis of knowledge, as windows see it. On the basis first_release a month has a value only where
-- its first release is held; of a series of which none is held there are no rows on that basis.
{{ config(meta={'by_series': ['int_observation_first', 'int_series_monthly', 'int_series_episode']}) }}
with first_known as (
    select
        *,
        max(case when is_first_release then 1 else 0 end) over (partition by series_id) as is_held_of_any
    from {{ ref('int_observation_first') }}
),

monthly as (
    select
        spine.series_id,
        basis.as_of_basis,
        spine.month_index,
        spine.period_start,
        case when basis.as_of_basis = 'latest' then spine.value when first_known.is_first_release then first_known.value end as value,
        case basis.as_of_basis when 'latest' then spine.known_from else first_known.known_from end as known_from,
        case basis.as_of_basis when 'latest' then spine.status else coalesce(first_known.status, 'missing') end as status,
        case when basis.as_of_basis = 'first_release' and not first_known.is_first_release then first_known.known_from end
            as copied_on,
        first_known.has_later_version
    from {{ ref('int_series_monthly') }} as spine
    cross join (select 'latest' as as_of_basis union all select 'first_release') as basis
    left join first_known
        on basis.as_of_basis = 'first_release'
        and spine.series_id = first_known.series_id
        and spine.period_start = first_known.period_start
    where basis.as_of_basis = 'latest'
        or spine.series_id in (select series_id from first_known where is_held_of_any = 1)
),

-- a gap in the publications disturbs no month with a value, and a month without one is in no comparison
episode_months as (
    select distinct
        monthly.series_id,
        monthly.period_start
    from {{ ref('int_series_monthly') }} as monthly
    inner join {{ ref('int_series_episode') }} as episode
        on monthly.series_id = episode.series_id
        and monthly.period_start between episode.first_month and episode.last_month
    where not episode.is_gap
)

select
    monthly.*,
    case when monthly.value > 0 then ln(monthly.value) end as log_value,
    case when episode_months.period_start is null then 0 else 1 end as in_episode
from monthly
left join episode_months
    on monthly.series_id = episode_months.series_id
    and monthly.period_start = episode_months.period_start
order by monthly.series_id, monthly.as_of_basis, monthly.month_index
