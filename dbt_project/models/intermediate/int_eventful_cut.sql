-- A month is eventful for the series of a calendar and a width when an act that reaches them cuts less than that width away. All
-- other months are dates without an event. Talks do not count: dates near them fire no more often than quiet ones.
with widths as (
    select distinct window_months from (
        {{ report_grid() | indent(8) }}
    ) as grid
),

acts as (
    select distinct
        calendar_id,
        cut_month
    from {{ ref('int_calendar_event') }}
    where event_class = 'act'
)

select distinct
    acts.calendar_id,
    widths.window_months,
    months.month_start as cut_month
from acts
cross join widths
inner join {{ ref('int_month') }} as months
    on months.month_start between {{ add_months('acts.cut_month', '1 - widths.window_months') }}
    and {{ add_months('acts.cut_month', 'widths.window_months - 1') }}
order by acts.calendar_id, widths.window_months, months.month_start
