-- Prevents an estimate that was made afterwards from being shown as a prediction: one made with the outcome known proves nothing.
{{ config(meta={'dagster': {'ref': {'name': 'seed_expected_effect'}}}) }}
select expected.expected_effect_id, expected.published, cuts.anchor_on
from {{ ref('seed_expected_effect') }} as expected
inner join {{ ref('int_event_cut') }} as cuts on expected.event_id = cuts.event_id
where (expected.kind = 'prediction' and left(expected.published, 4) > strftime(cuts.anchor_on, '%Y'))
    or (
        expected.kind = 'estimate'
        and length(expected.published) = 10
        and cast(expected.published as date) <= cuts.anchor_on
    )
