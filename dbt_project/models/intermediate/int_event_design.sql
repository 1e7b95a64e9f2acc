-- How an event cuts a regression over time: the month of the event is left out where part of it lies before the event, and so
-- are the months in which a measure was anticipated. Events that ask for the same regression share a design_id, called after the first of the
-- bundled ones. is_own: only events of the user's own timelines ask for it.
with events as (
    select
        cuts.event_id,
        cuts.cut_month,
        event.cluster_id,
        {{ is_own('cuts') }} as is_own,
        case when cuts.anchor_on = cuts.cut_month then 0 else 1 end
        + case when cuts.anchor_basis = 'effective_on' then {{ anticipation_months() }} else 0 end as dropped_months
    from {{ ref('int_event_cut') }} as cuts
    inner join {{ ref('stg_event') }} as event on cuts.event_id = event.event_id
    where cuts.in_report
)

select
    event_id,
    coalesce(
        min(case when not is_own then event_id end) over (partition by cut_month, dropped_months, coalesce(cluster_id, '')),
        min(event_id) over (partition by cut_month, dropped_months, coalesce(cluster_id, ''))
    ) as design_id,
    cut_month,
    cast(dropped_months as integer) as dropped_months,
    cluster_id,
    bool_and(is_own) over (partition by cut_month, dropped_months, coalesce(cluster_id, '')) as is_own
from events
