-- Between its first and last period a series has every period, except gaps declared with a reason: a month lost on the
-- way would shift every window over it. Imported series (source user...) may have gaps: their owner answers for them, and
-- a window with a gap is refused anyway. A derived series has the gaps of its inputs, and no others (tests of it compare).
{{ config(meta={'dagster': {'ref': {'name': 'fct_observation'}}}) }}
with numbers as (
    select
        observed.series_id,
        observed.period_start,
        lead(observed.period_start) over (partition by observed.series_id order by observed.period_start) as next_period,
        case observed.frequency when 'monthly' then 1 when 'quarterly' then 3 when 'annual' then 12 end as step
    from {{ ref('fct_observation') }} as observed
    inner join {{ ref('dim_series') }} as series on observed.series_id = series.series_id
    where observed.value is not null
        and series.source_id not like 'user%'
        and series.source_id <> 'headway_derived'
),

holes as (
    select numbers.series_id, months.month_start as period_start
    from numbers
    inner join {{ ref('int_month') }} as months
        on months.month_start > numbers.period_start
        and months.month_start < numbers.next_period
    where {{ months_between('numbers.period_start', 'numbers.next_period') }} > numbers.step
        and {{ months_between('numbers.period_start', 'months.month_start') }} % numbers.step = 0
)

select holes.series_id, holes.period_start
from holes
left join {{ ref('seed_declared_gap') }} as declared
    on holes.series_id = declared.series_id
    and holes.period_start between declared.first_period and declared.last_period
where declared.series_id is null
