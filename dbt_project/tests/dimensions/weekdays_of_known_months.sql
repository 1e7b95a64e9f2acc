-- Against calendars: February of a leap and a common year, and a month that begins on a Saturday.
{{ config(meta={'dagster': {'ref': {'name': 'dim_month'}}}) }}
with known (period_start, days, weekdays) as (
    values
        (date '2024-02-01', 29, 21),
        (date '2023-02-01', 28, 20),
        (date '2025-03-01', 31, 21),
        (date '1919-01-01', 31, 23)
)

select known.*, months.days as days_found, months.weekdays as weekdays_found
from known
left join {{ ref('dim_month') }} as months on known.period_start = months.period_start
where months.days is distinct from known.days
    or months.weekdays is distinct from known.weekdays
