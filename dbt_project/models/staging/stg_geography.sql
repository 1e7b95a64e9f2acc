select
    geography_id,
    name,
    kind,
    iso3,
    schedule_c_code,
    bts_code,
    subdivision_code,
    note
from {{ ref('seed_geography') }}
