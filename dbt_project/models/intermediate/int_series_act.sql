-- One row says that an act that reaches a monthly series cuts at a month: what the statistics in Python keep clear of.
select distinct
    calendar.series_id,
    act.cut_month
from {{ ref('int_series_calendar') }} as calendar
inner join {{ ref('int_calendar_event') }} as act on calendar.calendar_id = act.calendar_id
where act.event_class = 'act'
order by calendar.series_id, act.cut_month
