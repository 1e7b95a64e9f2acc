with bundled_and_own as (
    select
        *,
        'headway' as origin
    from {{ ref('seed_tariff_measure') }}
    union all by name
    select
        *,
        'user' as origin
    from {{ source('raw', 'own_tariff_measure') }}
)

select
    measure_id,
    imposing_iso3,
    {{ split_list('partners') }} as partners,
    product_scope,
    {{ split_list('hs_codes') }} as hs_codes,
    topic,
    rate_pct,
    announced_on,
    effective_on,
    published_on,
    ended_on,
    legal_instrument,
    exemptions,
    source_key,
    source_reference,
    confidence,
    in_force,
    origin
from bundled_and_own
