-- 1910: before the oldest series (industrial production begins in 1919); 2030: after the last date of any timeline
{{ month_spine('1910-01-01', '2030-12-01') }}
order by month_start
