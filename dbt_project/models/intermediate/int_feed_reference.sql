-- Where the timelines may name a document: one row an event or measure with all its texts and the reference of its source, in which
-- the marks of documents (pages of the Federal Register, numbers of orders and regulations) are looked for.
select
    'event' as named_by,
    events.event_id as row_id,
    concat_ws(' | ', events.title, events.description, events.source_reference, sources.reference) as told
from {{ ref('stg_event') }} as events
left join {{ ref('stg_event_source') }} as sources on events.source_key = sources.source_key

union all

select
    'measure' as named_by,
    measures.measure_id as row_id,
    concat_ws(
        ' | ', measures.legal_instrument, measures.exemptions, measures.source_reference, sources.reference
    ) as told
from {{ ref('stg_tariff_measure') }} as measures
left join {{ ref('stg_event_source') }} as sources on measures.source_key = sources.source_key
