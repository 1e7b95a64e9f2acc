select
    donor_pool_id,
    partner_iso3,
    exposed_from,
    exposed_because
from {{ ref('seed_donor') }}
