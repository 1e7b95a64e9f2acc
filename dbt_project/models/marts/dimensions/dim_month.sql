select
    month_start as period_start,
    cast(next_month - 1 as date) as period_end,
    cast(extract(year from month_start) as smallint) as year,
    cast(extract(quarter from month_start) as smallint) as quarter,
    cast(extract(month from month_start) as smallint) as month,
    cast({{ days_between('month_start', 'next_month') }} as smallint) as days,
    weekdays
from {{ ref('int_month') }}
order by month_start
