-- One row is the position of one party: a position that several parties held together is a position of each.
select
    event_id,
    {{ each_item(split_list('party')) }} as party,
    topic,
    position,
    value,
    unit,
    status,
    source_key,
    source_reference,
    'headway' as origin
from {{ ref('seed_position') }}
union all
select
    event_id,
    {{ each_item(split_list('party')) }} as party,
    topic,
    position,
    value,
    unit,
    status,
    source_key,
    source_reference,
    'user'
from {{ source('raw', 'own_position') }}
