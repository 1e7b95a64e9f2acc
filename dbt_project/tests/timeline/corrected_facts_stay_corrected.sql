-- Prevents errors that were once in the timelines from coming back: one row a fact that was wrong, with what it must say.
-- Each was checked against the source that the row of the seed names.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event'}}}) }}
with event_facts as (
    select * from (
        values
            -- the second day of the hearing was cancelled (83 FR 32833)
            ('s232-autos-hearing-2018-07', date '2018-07-19', cast(null as date), cast(null as date)),
            -- the meeting in Phoenix, not the statement of the day after
            ('ftc-2024-05', date '2024-05-22', null, null),
            -- outlined on the second day of round six, presented on the fourth
            ('nafta-canada-auto-idea-2018-01', date '2018-01-24', date '2018-01-26', null),
            ('nafta-round4-end', date '2017-10-17', null, null),
            ('s301-exclusions-2026-11', date '2026-11-09', null, null),
            -- relief that reaches back: by law from one day, by its notice from another
            ('eu-autos-15-2025-09', date '2025-09-25', null, date '2025-08-01'),
            ('korea-autos-15-2025-12', date '2025-12-04', null, date '2025-11-01'),
            ('s232-alu-canada-lifted-2020-09', date '2020-09-15', null, date '2020-09-01'),
            ('s232-autos-offset-2025-04', date '2025-04-29', null, date '2025-04-03')
    ) as facts (event_id, event_date, end_date, retroactive_from)
),

wrong_events as (
    select facts.event_id as row_key
    from event_facts as facts
    left join {{ ref('seed_event') }} as seed
        on facts.event_id = seed.event_id
        and facts.event_date = seed.event_date
        and facts.end_date is not distinct from seed.end_date
        and (
            facts.retroactive_from is null
            or (facts.retroactive_from = seed.effective_on and seed.published_on = seed.event_date)
        )
    where seed.event_id is null
),

citations as (
    select * from (
        values
            ('reciprocal-2025-04', '90 FR 15041', '90 FR 15269'),
            ('s301-list4a-2019-09', '84 FR 45821', 'no other'),
            ('ieepa-pause-2025-02', 'EO 14197', 'unverified'),
            ('ieepa-usmca-exempt-2025-03', 'EO 14232', 'unverified')
    ) as facts (event_id, must_hold, must_not_hold)
),

wrong_citations as (
    select facts.event_id as row_key
    from citations as facts
    left join {{ ref('seed_event') }} as seed
        on facts.event_id = seed.event_id
        and contains(seed.source_reference, facts.must_hold)
        and not contains(seed.source_reference, facts.must_not_hold)
    where seed.event_id is null
),

measure_facts as (
    select * from (
        values
            -- replaced by the longer list on the day that one begins: both open count as two duties
            ('usa-338-can-motor-2026', date '2026-09-15', 'Proclamation 11048'),
            ('usa-301-list4a-15', date '2020-02-14', '84 FR 45821'),
            ('usa-ieepa-chn-20-2025', date '2025-11-10', 'EO 14228'),
            ('can-ev-surtax-chn-2024', null, 'SOR/2024-187')
    ) as facts (measure_id, ended_on, instrument)
),

wrong_measures as (
    select facts.measure_id as row_key
    from measure_facts as facts
    left join {{ ref('seed_tariff_measure') }} as seed
        on facts.measure_id = seed.measure_id
        and facts.ended_on is not distinct from seed.ended_on
        and contains(seed.legal_instrument, facts.instrument)
    where seed.measure_id is null
),

-- words of one party's minister about the others are his, not theirs
wrong_positions as (
    select concat(event_id, ': ', party) as row_key
    from {{ ref('seed_position') }}
    where event_id = 'nafta-waysmeans-2018-03' and party <> 'USA'
    union all
    select 'heavy trucks begin at 60, not at the last step'
    where not exists (
        select 1 from {{ ref('seed_position') }}
        where event_id = 'usmca-entry-into-force' and position like 'Heavy trucks%' and value = 60
    )
),

-- a reference to a commit that does not exist cannot be followed
wrong_commits as (
    select event_id as row_key, source_reference from {{ ref('seed_event') }}
    union all
    select measure_id, source_reference from {{ ref('seed_tariff_measure') }}
    union all
    select concat(event_id, ': ', party), source_reference from {{ ref('seed_position') }}
    union all
    select rule_id, source_reference from {{ ref('seed_origin_rule') }}
    union all
    select source_key, reference from {{ ref('seed_event_source') }}
)

select 'event: days' as problem, row_key from wrong_events
union all
select 'event: citation', row_key from wrong_citations
union all
select 'measure: end or legal instrument', row_key from wrong_measures
union all
select 'position', row_key from wrong_positions
union all
select 'commit that does not exist', row_key from wrong_commits
where contains(source_reference, 'trade-war-redux-2025/blob/')
    and not contains(source_reference, 'trade-war-redux-2025/blob/726c5958e1e43eb08ac076a1e602ae3149164b03/')
