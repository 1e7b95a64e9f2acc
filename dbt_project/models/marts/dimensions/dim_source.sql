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

union all

-- the source of what is computed in this project from the series of the others; it has no publisher and no payloads
select
    'headway_derived' as source_id,
    'Headway' as agency,
    null as country_iso3,
    'Series computed here from published ones, as declared in dim_derived_series' as title,
    null as homepage_url,
    'that of the publisher of each input (dim_derived_series names the inputs)' as licence,
    'Own calculation from figures of the publishers of the inputs.' as attribution,
    'whenever an input changes' as cadence,
    null as publication_lag_days,
    false as needs_key
order by source_id
