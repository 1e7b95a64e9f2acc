-- One row is a code of the tariff that a measure reaches, whole or in part, or spares. Codes come from the lists of dim_tariff_list
-- where one is held, else from the codes that the measure itself names.
with declared as (
    select
        reach.measure_id,
        reach.list_id,
        reach.base,
        {{ each_item('code.hs_codes') }} as hs_code,
        'whole' as coverage
    from {{ ref('stg_tariff_reach') }} as reach
    inner join {{ ref('stg_tariff_list_code') }} as code on reach.list_id = code.list_id
    union all
    select
        reach.measure_id,
        reach.except_list_id,
        null,
        {{ each_item('code.hs_codes') }},
        'none'
    from {{ ref('stg_tariff_reach') }} as reach
    inner join {{ ref('stg_tariff_list_code') }} as code on reach.except_list_id = code.list_id
    union all
    -- a measure on all goods
    select
        measure_id,
        null,
        base,
        '00',
        case when except_list_id is null then 'whole' else 'part' end
    from {{ ref('stg_tariff_reach') }}
    where list_id = '*'
    union all
    -- the codes that a measure names say where its goods lie, and not that every line under them is covered
    select
        measure.measure_id,
        null,
        null,
        {{ each_item('measure.hs_codes') }},
        'part'
    from {{ ref('stg_tariff_measure') }} as measure
    left join (select distinct measure_id from {{ ref('stg_tariff_reach') }}) as listed on measure.measure_id = listed.measure_id
    where listed.measure_id is null
),

codes as (
    select
        measure_id,
        hs_code,
        coverage,
        -- goods on two lists of a measure are taxed by what each says of them (the steel and the aluminium in them)
        {{ sorted_list_where('list_id', 'list_id is not null') }} as list_ids,
        {{ sorted_list_where('base', 'base is not null') }} as bases
    from (select distinct measure_id, hs_code, coverage, list_id, base from declared) as once
    group by measure_id, hs_code, coverage
),

lengths as (
    select cast(digits as integer) as digits from (values (2), (4), (6), (8)) as even (digits)
),

-- the groups above a code: a part of them is reached, or spared
above as (
    select distinct
        codes.measure_id,
        left(codes.hs_code, lengths.digits) as hs_code
    from codes
    inner join lengths on lengths.digits < length(codes.hs_code)
)

select
    measure_id,
    hs_code,
    cast(case when hs_code = '00' then 0 else length(hs_code) end as smallint) as hs_level,
    coverage,
    true as is_declared,
    list_ids,
    bases
from codes
union all
select
    above.measure_id,
    above.hs_code,
    cast(length(above.hs_code) as smallint),
    'part',
    false,
    {{ empty_list() }},
    {{ empty_list() }}
from above
left join codes on above.measure_id = codes.measure_id and above.hs_code = codes.hs_code
where codes.measure_id is null
order by measure_id, hs_code
