select
    donor.donor_pool_id,
    pool.title,
    donor.unit_id,
    donor.partner_iso3,
    donor.exposed_from,
    donor.exposed_because,
    pool.reason,
    pool.assumption,
    pool.declared_on
from {{ ref('int_donor') }} as donor
inner join {{ ref('stg_donor_pool') }} as pool on donor.donor_pool_id = pool.donor_pool_id
order by donor.donor_pool_id, donor.unit_id
