-- One row is a phase of talks that reaches the series of a calendar: a cluster of events, at least one of which reaches them. It is
-- compared at its start, the first cut of its events.
select distinct
    calendar.calendar_id,
    start.cluster_id,
    start.start_month
from {{ ref('int_calendar_event') }} as calendar
inner join {{ ref('int_cluster_start') }} as start on calendar.cluster_id = start.cluster_id
order by calendar.calendar_id, start.cluster_id
