-- Prevents a threat, a plan or a cancelled date from being compared as if it had taken effect, and the reverse.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event'}}}) }}
with expected_events as (
    select unnest([
        's232-autos-50-threat-2026-08', -- statement only, meant for 2027
        'can-retal-alu-2020-08', -- surtax planned and given up
        'ieepa-mexico-tariff-threat-2019', -- suspended three days before it was to start
        'mex-no-retal-2025-03', -- response prepared, not applied
        'can-retal-metals-hold-2025-07', -- increase put off
        'ieepa-canada-plus10-2025-10', -- no order found
        'usmca-review-hearing-plan-2025-11', -- hearing moved
        'ieepa-mexico-letter-2025-07', -- rate of 30 percent put off again and again
        'trump-100-canada-2026-01', -- a post only
        's122-15-threat-2026-02' -- the rate stayed at 10 percent
    ]) as event_id
),

expected_measures as (
    select unnest(['usa-232-autos-can-50-threat', 'can-surtax-2020-alu-plan']) as measure_id
)

select 'event differs from the list of those never in force' as problem, seed.event_id as row_key
from {{ ref('seed_event') }} as seed
left join expected_events on seed.event_id = expected_events.event_id
where seed.in_force = (expected_events.event_id is not null)

union all

select 'measure differs from the list of those never in force', seed.measure_id
from {{ ref('seed_tariff_measure') }} as seed
left join expected_measures on seed.measure_id = expected_measures.measure_id
where seed.in_force = (expected_measures.measure_id is not null)

union all

select 'event on the list is missing', event_id
from expected_events
where event_id not in (select event_id from {{ ref('seed_event') }})

union all

select 'measure on the list is missing', measure_id
from expected_measures
where measure_id not in (select measure_id from {{ ref('seed_tariff_measure') }})
