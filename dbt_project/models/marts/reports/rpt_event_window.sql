-- A view: its 4 million rows are 290 events times 140,000 months, and made as a table they cost a fifth of a whole build and of a
-- released file. Nothing in it looks at more than one row, so a question about an event or a series reads only its rows.
{{ config(materialized='view', meta={'by_series': ['rpt_series_month']}) }}
with months_of_events as (
    select
        event.event_id,
        cast({{ months_between('event.cut_month', 'month.period_start') }} as integer) as month_offset,
        month.period_start,
        {{ add_months('event.cut_month', -1) }} as base_ends
    from {{ ref('dim_event') }} as event
    inner join {{ ref('dim_month') }} as month
        on month.period_start between {{ add_months('event.cut_month', -event_window_months()) }}
        and {{ add_months('event.cut_month', event_window_months()) }}
    where event.in_report
)

select
    around.event_id,
    measured.series_id,
    around.month_offset,
    measured.period_start,
    measured.value,
    measured.log_value,
    measured.yoy_pct,
    {{ index_of('measured.value', 'base.index_base') }} as index_100,
    measured.in_episode,
    measured.is_preliminary
from months_of_events as around
inner join {{ ref('rpt_series_month') }} as measured on around.period_start = measured.period_start
-- the twelve months before the cut are those that end with the month before it
left join {{ ref('rpt_series_month') }} as base
    on measured.series_id = base.series_id
    and around.base_ends = base.period_start
