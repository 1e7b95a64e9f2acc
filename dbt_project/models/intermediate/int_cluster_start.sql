-- A cluster starts in the first cut month of its events. The regressions of other events allow for a step there. Where an event that it
-- starts with falls inside a month, that month lies on both sides of the start and is left out by default. Nothing is compared at the end of a
-- cluster, so that its last event has no such month.
select
    cluster_id,
    start_month,
    max(case when cut_month = start_month then own_month end) as own_month,
    max(case when cut_month = start_month then default_gap_months end) as default_gap_months
from (
    select
        event.cluster_id,
        cuts.cut_month,
        cuts.own_month,
        cuts.default_gap_months,
        min(cuts.cut_month) over (partition by event.cluster_id) as start_month
    from {{ ref('stg_event') }} as event
    inner join {{ ref('int_event_cut') }} as cuts on event.event_id = cuts.event_id
    where cuts.in_report and event.cluster_id is not null
) as events
group by cluster_id, start_month
