-- One row says that a bundled event of the report is in a calendar: it reaches every series of it.
select
    calendar.calendar_id,
    cut.event_id,
    cut.cut_month,
    cut.event_class,
    event.cluster_id
from (select distinct calendar_id from {{ ref('int_series_calendar') }}) as calendar
inner join (select distinct series_id, event_id from {{ ref('int_event_reach') }}) as reach
    on calendar.calendar_id = reach.series_id
inner join {{ ref('int_event_cut') }} as cut on reach.event_id = cut.event_id
inner join {{ ref('stg_event') }} as event on reach.event_id = event.event_id
where cut.in_report and not {{ is_own('cut') }}
order by calendar.calendar_id, cut.cut_month, cut.event_id
