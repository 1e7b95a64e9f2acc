select
    source_id,
    agency,
    country_iso3,
    title,
    homepage_url,
    licence,
    attribution,
    cadence,
    publication_lag_days,
    needs_key
from {{ ref('stg_source') }}
order by source_id
