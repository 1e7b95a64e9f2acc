-- Each monthly series has a row for every month from its first number to its last. A month that nobody published is a row with a
-- null, so that window frames and lags count calendar months. Positive figures are compared in logarithms, which are relative
-- changes; balances and shares are compared in their own unit. Where a series is recorded another way from some month on, its life
-- begins there: figures before a declared break are not compared with later ones.
{{ config(meta={'by_series': ['int_observation', 'int_observation_first']}) }}
with observed as (
    select observation.*
    from {{ ref('int_observation') }} as observation
    inner join {{ ref('int_series') }} as declared on observation.series_id = declared.series_id
    where observation.frequency = 'monthly'
        and {{ is_after_break('declared', 'observation') }}
),

spans as (
    select
        series_id,
        min(period_start) as first_month,
        max(period_start) as last_month,
        case when min(value) > 0 and min(series.unit) <> 'percent' then 'log' else 'level' end as scale
    from observed
    inner join {{ ref('int_series') }} as series using (series_id)
    where value is not null
    group by series_id
),

spine as (
    select
        spans.series_id,
        months.month_start as period_start,
        {{ months_between('spans.first_month', 'months.month_start') }} as month_index,
        spans.scale
    from spans
    inner join {{ ref('int_month') }} as months
        on months.month_start between spans.first_month and spans.last_month
),

filled as (
    select
        spine.series_id,
        spine.period_start,
        cast(spine.month_index as integer) as month_index,
        observed.value,
        coalesce(observed.status, 'missing') as status,
        observed.known_from,
        first_known.value as first_value,
        first_known.known_from as first_known_from,
        spine.scale
    from spine
    left join observed
        on spine.series_id = observed.series_id and spine.period_start = observed.period_start
    left join {{ ref('int_observation_first') }} as first_known
        on spine.series_id = first_known.series_id and spine.period_start = first_known.period_start
)

select
    series_id,
    period_start,
    month_index,
    value,
    case when scale = 'log' then ln(value) end as log_value,
    status,
    status = 'preliminary' as is_preliminary,
    known_from,
    first_value,
    case when scale = 'log' and first_value > 0 then ln(first_value) end as first_log_value,
    first_known_from,
    scale
from filled
order by series_id, period_start
