select
    measure_id,
    imposing_iso3,
    partners,
    product_scope,
    hs_codes,
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
    in_force
from {{ ref('stg_tariff_measure') }}
order by effective_on, measure_id
