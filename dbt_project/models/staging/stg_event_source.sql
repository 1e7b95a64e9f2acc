select source_key, title, reference, note from {{ ref('seed_event_source') }}
