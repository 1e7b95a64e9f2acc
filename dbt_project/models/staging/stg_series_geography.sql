select
    series_id,
    geography_id
from {{ ref('seed_series_geography') }}
