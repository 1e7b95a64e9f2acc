-- One row is one partner of one pool, whose trade may stand in for a treated series. unit_id is its name in the statistics.
select
    donor.donor_pool_id,
    concat(pool.unit_prefix, lower(donor.partner_iso3)) as unit_id,
    donor.partner_iso3,
    donor.exposed_from,
    donor.exposed_because
from {{ ref('stg_donor') }} as donor
inner join {{ ref('stg_donor_pool') }} as pool on donor.donor_pool_id = pool.donor_pool_id
