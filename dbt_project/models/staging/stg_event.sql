-- The bundled events and those of the user's own timelines. Lists arrive as text with ';' between the items, because CSV has no lists.
with bundled_and_own as (
    select
        *,
        'headway' as origin
    from {{ ref('seed_event') }}
    union all by name
    select
        *,
        'user' as origin
    from {{ source('raw', 'own_event') }}
)

select
    event_id,
    timeline,
    event_date,
    end_date,
    date_precision,
    announced_on,
    effective_on,
    published_on,
    ended_on,
    event_type,
    title,
    description,
    {{ split_list('parties') }} as parties,
    {{ split_list('topics') }} as topics,
    location,
    source_key,
    source_reference,
    confidence,
    in_force,
    cluster_id,
    origin
from bundled_and_own
