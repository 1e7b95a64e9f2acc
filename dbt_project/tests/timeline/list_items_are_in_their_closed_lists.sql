-- Prevents a misspelt or unknown item inside a ';' list: the row would be missed by every filter on that item,
-- and a relationships test looks at the whole text only.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event'}}}) }}
with items as (
    select 'seed_event.parties' as list_name, event_id as row_key, unnest({{ split_list('parties') }}) as item
    from {{ ref('seed_event') }}
    union all
    select 'seed_event.topics', event_id, unnest({{ split_list('topics') }})
    from {{ ref('seed_event') }}
    union all
    select 'seed_position.party', event_id, unnest({{ split_list('party') }})
    from {{ ref('seed_position') }}
    union all
    select 'seed_tariff_measure.partners', measure_id, unnest({{ split_list('partners') }})
    from {{ ref('seed_tariff_measure') }}
    union all
    select 'seed_tariff_measure.imposing_iso3', measure_id, imposing_iso3
    from {{ ref('seed_tariff_measure') }}
    union all
    select 'seed_episode.applies_to', episode_id, unnest({{ split_list('applies_to') }})
    from {{ ref('seed_episode') }}
),

allowed as (
    select list_names.list_name, parties.party as item
    from {{ ref('seed_party') }} as parties
    inner join (
        values
            ('seed_event.parties', 'country'),
            ('seed_position.party', 'country'),
            ('seed_position.party', 'group'),
            ('seed_tariff_measure.partners', 'country'),
            ('seed_tariff_measure.partners', 'tariff_scope'),
            ('seed_tariff_measure.imposing_iso3', 'country')
    ) as list_names (list_name, kind) on parties.kind = list_names.kind
    union all
    select 'seed_event.topics', topic
    from {{ ref('seed_topic') }}
    union all
    select 'seed_episode.applies_to', unnest(['all', 'autos', 'employment', 'trade', 'usa_statistics'])
)

select items.list_name, items.row_key, items.item
from items
left join allowed on items.list_name = allowed.list_name and items.item = allowed.item
where allowed.item is null
