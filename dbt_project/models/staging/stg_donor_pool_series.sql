select
    donor_pool_id,
    treated_series_id
from {{ ref('seed_donor_pool_series') }}
