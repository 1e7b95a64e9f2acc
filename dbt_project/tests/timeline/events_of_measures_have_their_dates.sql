-- A measure joined to an event of another day or another country would tell a story that did not happen: the event falls on the
-- day on which the measure took effect or was announced, or is the notice of that first day.
{{ config(meta={'dagster': {'ref': {'name': 'stg_measure_event'}}}) }}
select measure.measure_id, linked.event_id, measure.effective_on, event.event_date, event.effective_on as event_effective_on
from {{ ref('stg_measure_event') }} as linked
inner join {{ ref('stg_tariff_measure') }} as measure on linked.measure_id = measure.measure_id
inner join {{ ref('stg_event') }} as event on linked.event_id = event.event_id
where not list_contains(event.parties, measure.imposing_iso3)
    or not (
        coalesce(measure.effective_on = event.event_date, false)
        or coalesce(measure.effective_on = event.effective_on, false)
        or coalesce(measure.announced_on = event.event_date, false)
    )
