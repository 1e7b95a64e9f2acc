-- One row is a month at which many series have a date without an event, and the share of them at which the rule of the verdict fires:
-- what the share of an act's series that is outside has to be read beside. In most months a few are outside.
select
    window_months,
    gap_months,
    cut_month,
    cast(count(*) as integer) as n_series,
    count(case when fires then 1 end) / cast(count(*) as double) as share_outside
from {{ ref('int_clean_alarm') }}
where window_months in {{ in_list(judged_windows()) }}
group by window_months, gap_months, cut_month
having count(*) >= {{ min_quiet_series() }}
order by window_months, gap_months, cut_month
