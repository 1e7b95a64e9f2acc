select
    geography_id,
    iso3,
    name,
    kind,
    schedule_c_code,
    bts_code,
    subdivision_code,
    note
from {{ ref('stg_geography') }}
order by geography_id
