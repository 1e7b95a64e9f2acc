with products as (
    select measure_id, cast(count(*) as integer) as declared_code_count
    from {{ ref('bridge_measure_product') }}
    where is_declared
    group by measure_id
)

select
    measure.measure_id,
    measure.imposing_iso3,
    measure.partners,
    measure.product_scope,
    measure.hs_codes,
    measure.topic,
    measure.rate_pct,
    measure.announced_on,
    measure.effective_on,
    measure.published_on,
    measure.ended_on,
    measure.legal_instrument,
    measure.exemptions,
    measure.source_key,
    measure.source_reference,
    measure.confidence,
    measure.in_force,
    linked.event_id,
    linked.no_event_because,
    coalesce(products.declared_code_count, 0) as declared_code_count,
    case
        when products.measure_id is null then 'no public list of its goods is held: product_scope has them in words'
    end as no_products_because,
    measure.origin
from {{ ref('stg_tariff_measure') }} as measure
left join {{ ref('stg_measure_event') }} as linked on measure.measure_id = linked.measure_id
left join products on measure.measure_id = products.measure_id
order by measure.effective_on, measure.measure_id
