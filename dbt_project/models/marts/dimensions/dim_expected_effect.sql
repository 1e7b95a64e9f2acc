select
    expected.expected_effect_id,
    expected.event_id,
    expected.series_id,
    expected.kind,
    expected.applies_to,
    expected.low,
    expected.high,
    expected.unit,
    expected.duty_from_pct,
    expected.duty_to_pct,
    expected.panel_family_id,
    expected.horizon_months,
    expected.published,
    expected.source_key,
    source.title as source_title,
    source.reference as source_address,
    expected.source_reference,
    expected.confidence,
    expected.note
from {{ ref('stg_expected_effect') }} as expected
inner join {{ ref('stg_event_source') }} as source on expected.source_key = source.source_key
-- a prediction for a series that was never received yet is shown once it is
inner join {{ ref('int_known_series') }} as series on expected.series_id = series.series_id
order by expected.event_id, expected.series_id, expected.expected_effect_id
