-- Prevents a list with an empty item, a repeated item or blanks around ';': counts by item would be wrong.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event'}}}) }}
with lists as (
    select 'seed_event.parties' as list_name, event_id as row_key, parties as list_text from {{ ref('seed_event') }}
    union all
    select 'seed_event.topics', event_id, topics from {{ ref('seed_event') }}
    union all
    select 'seed_position.party', event_id, party from {{ ref('seed_position') }}
    union all
    select 'seed_tariff_measure.partners', measure_id, partners from {{ ref('seed_tariff_measure') }}
    union all
    select 'seed_tariff_measure.hs_codes', measure_id, hs_codes from {{ ref('seed_tariff_measure') }}
    union all
    select 'seed_episode.applies_to', episode_id, applies_to from {{ ref('seed_episode') }}
)

select *
from lists
where list_text is not null
    and (
        list_text <> array_to_string({{ split_list('list_text') }}, ';')
        or len({{ split_list('list_text') }}) <> len(list_distinct({{ split_list('list_text') }}))
    )
