-- One row says that a tariff measure of the USA reaches, or may reach, a group of imports, and how much of the group. The group is
-- named by the series of its values. Dates are in int_tariff_month. The codes of a measure say where its goods lie and not that
-- every line under them is covered, so a scope that is read off the codes is a part.
with cells as (
    select
        series_id,
        partner_iso3,
        coalesce(product_system, industry_system, 'TOTAL') as product_system,
        coalesce(product_code, industry_code, '00') as product_code
    from {{ ref('int_known_series') }}
    where geography_iso3 = 'USA'
        and flow = 'imports'
        and basis = 'consumption'
        and measure = 'trade_value'
),

measures as (
    select
        measure.measure_id,
        programme.programme,
        measure.partners,
        measure.hs_codes,
        measure.confidence
    from {{ ref('stg_tariff_measure') }} as measure
    inner join {{ ref('stg_tariff_programme') }} as programme on measure.measure_id = programme.measure_id
    where measure.in_force
),

partners as (
    select measure_id, {{ each_item('partners') }} as partner from measures
),

-- the codes of a measure itself, and those of the lists that it reaches
codes as (
    select measure_id, {{ each_item('hs_codes') }} as hs_code, true as is_own from measures
    union all
    select reach.measure_id, {{ each_item('list.hs_codes') }} as hs_code, false as is_own
    from {{ ref('stg_tariff_reach') }} as reach
    inner join {{ ref('stg_tariff_list_code') }} as list on reach.list_id = list.list_id
),

-- a measure on one partner reaches a part of the imports from the world
reached as (
    select
        cells.series_id,
        cells.partner_iso3,
        cells.product_system,
        cells.product_code,
        partners.measure_id,
        max(case when partners.partner in (cells.partner_iso3, 'WLD') then 1 else 0 end) as on_partner
    from cells
    inner join partners
        on partners.partner in (cells.partner_iso3, 'WLD') or cells.partner_iso3 = 'WLD'
    group by cells.series_id, cells.partner_iso3, cells.product_system, cells.product_code, partners.measure_id
),

by_code as (
    select reached.series_id, reached.measure_id, max(case when codes.is_own then 1 else 0 end) as has_own_code
    from reached
    inner join codes on reached.measure_id = codes.measure_id
    where reached.product_system = 'HS'
        and (codes.hs_code like concat(reached.product_code, '%') or reached.product_code like concat(codes.hs_code, '%'))
    group by reached.series_id, reached.measure_id
),

judged as (
    select
        reached.*,
        measures.programme,
        measures.confidence,
        case
            when named.coverage is not null then named.coverage
            when by_code.series_id is not null then 'part'
            -- goods of a measure that are not known more closely are a part of all goods
            when reached.product_system = 'TOTAL' and coalesce(others.coverage, 'unknown') = 'unknown' then 'part'
            when others.coverage is not null then others.coverage
            when reached.product_system = 'HS' and with_codes.measure_id is not null then 'none'
            else 'unknown'
        end as coverage,
        named.coverage is null and by_code.has_own_code = 0 as is_by_list_alone
    from reached
    inner join measures on reached.measure_id = measures.measure_id
    left join {{ ref('stg_tariff_scope') }} as named
        on reached.measure_id = named.measure_id
        and reached.product_system = named.product_system
        and reached.product_code = named.product_code
    left join {{ ref('stg_tariff_scope') }} as others
        on reached.measure_id = others.measure_id and others.product_system = '*'
    left join by_code on reached.series_id = by_code.series_id and reached.measure_id = by_code.measure_id
    left join (select distinct measure_id from codes) as with_codes on reached.measure_id = with_codes.measure_id
    left join {{ ref('stg_tariff_partner') }} as spared
        on reached.measure_id = spared.measure_id
        and reached.partner_iso3 = spared.partner_iso3
        and spared.treatment = 'exempt'
    where spared.measure_id is null
)

select
    series_id,
    partner_iso3,
    product_system,
    product_code,
    measure_id,
    programme,
    case
        when confidence = 'low' then 'unknown'
        when coverage = 'whole' and on_partner = 0 then 'part'
        else coverage
    end as coverage,
    -- lines of a public list reach into many chapters of which they are a small part
    coalesce(is_by_list_alone, false) as is_by_list_alone
from judged
where coverage <> 'none'
order by series_id, measure_id
