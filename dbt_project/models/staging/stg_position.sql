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
    source_reference
from {{ ref('seed_position') }}
