-- A month is eventful for a width when the cut of an event of the report lies less than that width away from it. All other months
-- are dates without an event. Every event counts, whichever countries and goods it names, because orders move between partners
-- and products.
with widths as (
    select distinct window_months from (
        {{ report_grid() | indent(8) }}
    ) as grid
)

select distinct
    widths.window_months,
    months.month_start as cut_month
from {{ ref('int_month') }} as months
cross join widths
inner join {{ ref('int_event_cut') }} as event
    on {{ is_near_event(months_between('event.cut_month', 'months.month_start'), 'widths.window_months') }}
where event.in_report
order by widths.window_months, months.month_start
