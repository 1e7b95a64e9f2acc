-- A cluster starts in the first cut month of its events. The regressions of other events allow for a step there.
select
    event.cluster_id,
    min(cuts.cut_month) as start_month
from {{ ref('stg_event') }} as event
inner join {{ ref('int_event_cut') }} as cuts on event.event_id = cuts.event_id
where cuts.in_report and event.cluster_id is not null
group by event.cluster_id
