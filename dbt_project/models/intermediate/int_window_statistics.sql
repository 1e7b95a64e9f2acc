-- One row is a run of months of a series and its statistics. The windows before and after a cut, the window as far before again and
-- the straight line of trend_dev are all rows of this model. On the basis first_release a month has a value only where its first
-- release is held; of a series of which none is held there are no rows on that basis.
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

episode_months as (
    select distinct
        monthly.series_id,
        monthly.period_start
    from {{ ref('int_series_monthly') }} as monthly
    inner join {{ ref('int_series_episode') }} as episode
        on monthly.series_id = episode.series_id
        and monthly.period_start between episode.first_month and episode.last_month
),

marked as (
    select
        monthly.*,
        case when monthly.value > 0 then ln(monthly.value) end as log_value,
        case when episode_months.period_start is null then 0 else 1 end as in_episode
    from monthly
    left join episode_months
        on monthly.series_id = episode_months.series_id
        and monthly.period_start = episode_months.period_start
)

{% for months in report_windows() + [trend_months()] %}
select
    series_id,
    as_of_basis,
    {{ months }} as window_months,
    month_index,
    period_start as window_start,
    count(*) over ahead as n_months,
    sum(in_episode) over ahead as n_episode_months,
    -- months of which only a later copy is held, the oldest of those copies, and months of which a later version is held
    count(copied_on) over ahead as n_copied,
    min(copied_on) over ahead as oldest_copy,
    count(case when has_later_version then 1 end) over ahead as n_revised,
    {{ window_statistics('ahead') | indent(4) }}
from marked
window ahead as (
    partition by series_id, as_of_basis
    order by month_index
    rows between current row and {{ months - 1 }} following
)
{{ 'union all' if not loop.last }}
{% endfor %}
