-- One row is a month in which something else that reaches the series of a calendar starts: a phase (cluster_id), or the acts of one month that
-- belong to none. The regressions of other events allow for a step there; what does not reach a series is no step in it.
select
    calendar_id,
    cluster_id,
    start_month
from {{ ref('int_calendar_phase') }}
union all
select distinct
    calendar_id,
    cast(null as varchar) as cluster_id,
    cut_month as start_month
from {{ ref('int_calendar_event') }}
where event_class = 'act' and cluster_id is null
