-- The rows are not sorted here: the release sorts its copy by key, and sorting twice would cost as much as all joins.
{{ config(meta={'by_series': ['int_series_monthly', 'dim_series', 'int_series_episode']}) }}
with monthly as (
    select
        spine.*,
        {{ has_log_scale() }} as log_allowed
    from {{ ref('int_series_monthly') }} as spine
    inner join {{ ref('dim_series') }} as series on spine.series_id = series.series_id
),

-- the series has a row for every month, so twelve rows back is the same month a year before
measured as (
    select
        *,
        lag(value, 12) over of_series as value_year_before,
        count(value) over of_year as n_year,
        min(value) over of_year as lowest_of_year,
        avg(value) over of_year as mean_of_year
    from monthly
    window
        of_series as (partition by series_id order by month_index),
        of_year as (
            partition by series_id
            order by month_index
            rows between {{ index_base_months() - 1 }} preceding and current row
        )
),

episode_months as (
    select distinct
        monthly.series_id,
        monthly.period_start
    from monthly
    inner join {{ ref('int_series_episode') }} as episode
        on monthly.series_id = episode.series_id
        and monthly.period_start between episode.first_month and episode.last_month
)

select
    measured.series_id,
    measured.period_start,
    measured.value,
    {{ log_of_month() }} as log_value,
    {{ growth_of_month() }} as yoy_pct,
    {{ index_base('log_allowed', 'n_year', 'lowest_of_year', 'mean_of_year') }} as index_base,
    episode_months.period_start is not null as in_episode,
    measured.is_preliminary
from measured
left join episode_months
    on measured.series_id = episode_months.series_id
    and measured.period_start = episode_months.period_start
