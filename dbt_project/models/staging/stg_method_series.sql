select
    series_id,
    method,
    reason
from {{ ref('seed_method_series') }}
