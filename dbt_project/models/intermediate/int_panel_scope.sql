-- One row says that a measure of the USA reaches, or may reach, a product of a ready panel, whoever the partner is, and how much of it.
-- The order of what is believed is that of int_tariff_scope: what was decided by hand, then codes, then all goods.
with products as (
    select distinct
        cell.panel_id,
        panel.classification,
        cell.product_code
    from {{ ref('int_panel_cell') }} as cell
    inner join {{ ref('stg_panel') }} as panel on cell.panel_id = panel.panel_id
    where panel.partners >= {{ ready_panel_partners() }}
),

measures as (
    select
        measure_id,
        confidence,
        hs_codes
    from {{ ref('stg_tariff_measure') }} as measure
    where not {{ is_own('measure') }} and in_force and imposing_iso3 = 'USA' and effective_on is not null
),

codes as (
    select measure_id, {{ each_item('hs_codes') }} as hs_code from measures
    union all
    select reach.measure_id, {{ each_item('list.hs_codes') }}
    from {{ ref('stg_tariff_reach') }} as reach
    inner join {{ ref('stg_tariff_list_code') }} as list on reach.list_id = list.list_id
),

-- the panels have chapters, so that a code is always below a product
by_code as (
    select distinct
        products.panel_id,
        products.product_code,
        codes.measure_id
    from products
    inner join (select distinct measure_id, left(hs_code, 2) as chapter from codes) as codes on products.product_code = codes.chapter
    where products.classification = 'HS'
),

on_all_goods as (
    select
        measure_id,
        -- what such a measure spares is a part of many products
        max(case when except_list_id is null then 0 else 1 end) as has_exceptions
    from {{ ref('stg_tariff_reach') }}
    where list_id = '*'
    group by measure_id
),

judged as (
    select
        products.panel_id,
        products.product_code,
        measures.measure_id,
        measures.confidence,
        case
            when named.coverage is not null then named.coverage
            when by_code.measure_id is not null then 'part'
            when on_all_goods.has_exceptions = 0 then 'whole'
            when on_all_goods.has_exceptions = 1 then 'part'
            when others.coverage is not null then others.coverage
            when products.classification = 'HS' and with_codes.measure_id is not null then 'none'
            else 'unknown'
        end as coverage
    from products
    cross join measures
    left join {{ ref('stg_tariff_scope') }} as named
        on measures.measure_id = named.measure_id
        and products.classification = named.product_system
        and products.product_code = named.product_code
    left join {{ ref('stg_tariff_scope') }} as others
        on measures.measure_id = others.measure_id and others.product_system = '*'
    left join by_code
        on products.panel_id = by_code.panel_id
        and products.product_code = by_code.product_code
        and measures.measure_id = by_code.measure_id
    left join on_all_goods on measures.measure_id = on_all_goods.measure_id
    left join (select distinct measure_id from codes) as with_codes on measures.measure_id = with_codes.measure_id
)

select
    panel_id,
    product_code,
    measure_id,
    case when confidence = 'low' then 'unknown' else coverage end as coverage,
    confidence = 'low' as is_unverified
from judged
where coverage <> 'none'
order by panel_id, product_code, measure_id
