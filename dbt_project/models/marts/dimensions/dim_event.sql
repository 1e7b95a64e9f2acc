select
    event.event_id,
    event.timeline,
    event.event_date,
    event.end_date,
    event.date_precision,
    event.announced_on,
    event.effective_on,
    event.published_on,
    event.ended_on,
    event.event_type,
    event.title,
    event.description,
    event.parties,
    event.topics,
    event.location,
    event.source_key,
    event.source_reference,
    event.confidence,
    event.in_force,
    event.cluster_id,
    cut.anchor_on,
    cut.cut_month,
    cut.own_month,
    cut.default_gap_months,
    cut.in_report,
    cut.left_out_because,
    cut.event_class,
    event.origin
from {{ ref('stg_event') }} as event
-- a left join, because an event of an undeclared kind must fail a constraint and not vanish
left join {{ ref('int_event_cut') }} as cut on event.event_id = cut.event_id
order by event.event_date, event.event_id
