-- 1948: before the oldest series; 2030: after the last date of any timeline
{{ month_spine('1948-01-01', '2030-12-01') }}
order by month_start
