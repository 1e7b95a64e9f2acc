with months as (
    select
        month_start as period_start,
        {{ add_months('month_start', 1) }} as next_month
    from {{ ref('int_month') }}
)

select
    period_start,
    cast(next_month - 1 as date) as period_end,
    cast(extract(year from period_start) as smallint) as year,
    cast(extract(quarter from period_start) as smallint) as quarter,
    cast(extract(month from period_start) as smallint) as month,
    cast({{ days_between('period_start', 'next_month') }} as smallint) as days,
    {{ weekdays_in_month('period_start', 'next_month') }} as weekdays
from months
order by period_start
