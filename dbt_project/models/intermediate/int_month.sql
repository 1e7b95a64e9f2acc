-- Every month that a series or a timeline may need: 1910 lies before the oldest series (industrial production begins in 1919),
-- 2030 after the last date of any timeline.
select
    month_start,
    {{ add_months('month_start', 1) }} as next_month,
    {{ weekdays_in_month('month_start', add_months('month_start', 1)) }} as weekdays
from (
    {{ month_spine('1910-01-01', '2030-12-01') }}
) as spine
order by month_start
