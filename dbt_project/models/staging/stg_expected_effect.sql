select
    expected_effect_id,
    event_id,
    series_id,
    kind,
    applies_to,
    low,
    high,
    unit,
    horizon_months,
    published,
    source_key,
    source_reference,
    confidence,
    note
from {{ ref('seed_expected_effect') }}
