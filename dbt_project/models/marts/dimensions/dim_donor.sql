select
    donors.donor_pool_id,
    pools.title,
    concat(pools.unit_prefix, lower(donors.partner_iso3)) as unit_id,
    donors.partner_iso3,
    donors.exposed_from,
    donors.exposed_because,
    pools.reason,
    pools.assumption,
    pools.declared_on
from {{ ref('seed_donor') }} as donors
inner join {{ ref('seed_donor_pool') }} as pools on donors.donor_pool_id = pools.donor_pool_id
order by donors.donor_pool_id, unit_id
