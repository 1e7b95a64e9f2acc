-- Each calendar macro against dates worked out by hand: ends of months, leap days, years rolled over, both directions.
{{ config(meta={'dagster': {'ref': {'name': 'dim_month'}}}) }}
-- depends_on: {{ ref('dim_month') }}
with cases (what, found, expected) as (
    values
        ('31 January + 1', {{ add_months("date '2024-01-31'", 1) }}, date '2024-02-29'),
        ('1 January - 1', {{ add_months("date '2024-01-01'", -1) }}, date '2023-12-01'),
        ('start of a month', {{ month_start("date '2024-02-29'") }}, date '2024-02-01'),
        ('whole month, first day', {{ first_whole_month("date '2020-07-01'") }}, date '2020-07-01'),
        ('whole month, last day of a year', {{ first_whole_month("date '2018-12-31'") }}, date '2019-01-01')
),

counts (what, found, expected) as (
    values
        ('months ignore days', {{ months_between("date '2024-01-31'", "date '2024-03-01'") }}, 2),
        ('months back', {{ months_between("date '2024-03-01'", "date '2023-12-31'") }}, -3),
        ('days over a leap day', {{ days_between("date '2024-02-28'", "date '2024-03-01'") }}, 2),
        ('days ignore the time of day', {{ days_between("timestamp '2024-02-28 23:00:00'", "timestamp '2024-02-29 01:00:00'") }}, 1),
        ('weekdays', {{ weekdays_in_month("date '2024-02-01'", "date '2024-03-01'") }}, 21),
        ('months of the spine', (select count(*) from ({{ month_spine('2023-11-01', '2024-02-01') }}) as spine), 4)
)

select what from cases where found is distinct from expected or typeof(found) <> 'DATE'
union all
select what from counts where found is distinct from expected
