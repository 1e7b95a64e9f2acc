-- a cluster of events cuts where the first of them that the report uses does
select
    event.cluster_id,
    min(cuts.cut_month) as cut_month,
    max(cuts.cut_month) as last_cut_month
from {{ ref('int_event_cut') }} as cuts
inner join {{ ref('stg_event') }} as event on cuts.event_id = event.event_id
where cuts.in_report and event.cluster_id is not null
group by event.cluster_id
order by cut_month
