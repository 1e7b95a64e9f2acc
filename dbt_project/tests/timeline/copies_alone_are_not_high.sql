-- Prevents a mirror, a mailing list, an encyclopedia or a note in somebody's repository from passing as the statement of an authority:
-- an event that rests on one is of high confidence only where its reference cites the official document.
{{ config(meta={'dagster': {'ref': {'name': 'stg_event'}}}) }}
select
    event.event_id,
    event.source_key,
    source.kind,
    event.source_reference
from {{ ref('stg_event') }} as event
inner join {{ ref('stg_event_source') }} as source on event.source_key = source.source_key
where event.confidence = 'high'
    and source.kind in ('copy', 'encyclopedia', 'repository', 'none')
    and not regexp_matches(
        event.source_reference,
        '[0-9]+ FR [0-9]+|FR Doc\. [0-9-]+|EO [0-9]{5}|Proclamations? [0-9]{4,5}|CSMS [0-9]+|HTS 99[0-9]{2}|SOR/[0-9]'
        || '|PC 20[0-9]{2}-[0-9]+|Slip Op\. [0-9-]+|Nos?\. [0-9]+-[0-9]+|Customs Notice [0-9]|U\.S\. note [0-9]+'
    )
