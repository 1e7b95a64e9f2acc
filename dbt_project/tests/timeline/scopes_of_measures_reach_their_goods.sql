-- Prevents a measure from missing goods that its list names, so that a month is called free of duties which was not (cars of
-- China from July 2018 on, Canadian trucks of 8705 since November 2025), and a partner from falling out of a duty on many.
{{ config(meta={'dagster': {'ref': {'name': 'seed_tariff_measure'}}}) }}
with codes as (
    select measure_id, unnest({{ split_list('hs_codes') }}) as hs_code
    from {{ ref('seed_tariff_measure') }}
),

expected as (
    select * from (
        values
            ('usa-301-list1', '8702'),
            ('usa-301-list1', '8703'),
            ('usa-301-list1', '8704'),
            ('usa-232-trucks-2025', '870540'),
            ('usa-232-trucks-2025', '8705900080'),
            ('usa-232-trucks-2025', '8706'),
            ('usa-232-trucks-2025', '8709'),
            ('usa-232-truckparts-2025', '8409911040'),
            ('usa-232-truckparts-2025', '87084011'),
            ('usa-232-autoparts-2025', '8707'),
            ('usa-232-autoparts-2025', '40111010')
    ) as facts (measure_id, hs_code)
),

named as (
    select * from (
        values
            ('usa-301-list1', 'NAICS', '336', 'part'),
            ('usa-232-truckparts-2025', 'NAICS', '336', 'part')
    ) as facts (measure_id, product_system, product_code, coverage)
),

-- each partner of the closed list is in the Section 301 duty of 24 July 2026 once (Russia among the others at 12.5)
labour as (
    select parties.party, count(measures.measure_id) as n_measures
    from {{ ref('seed_party') }} as parties
    left join (
        select seed.measure_id, unnest({{ split_list('partners') }}) as party
        from {{ ref('seed_tariff_measure') }} as seed
        inner join {{ ref('seed_tariff_programme') }} as programme on seed.measure_id = programme.measure_id
        where programme.programme = '301_labour'
    ) as measures on parties.party = measures.party
    where parties.kind = 'country' and parties.party <> 'USA'
    group by parties.party
)

select 'code is not in the list of the measure' as problem, expected.measure_id as row_key, expected.hs_code as detail
from expected
left join codes on expected.measure_id = codes.measure_id and expected.hs_code = codes.hs_code
where codes.measure_id is null
union all
select 'group is not in the scope of the measure', named.measure_id, named.product_code
from named
left join {{ ref('seed_tariff_scope') }} as scope
    on named.measure_id = scope.measure_id
    and named.product_system = scope.product_system
    and named.product_code = scope.product_code
    and named.coverage = scope.coverage
where scope.measure_id is null
union all
select 'partner is not once in the duty on forced labour', party, cast(n_measures as varchar)
from labour
where n_measures <> 1
