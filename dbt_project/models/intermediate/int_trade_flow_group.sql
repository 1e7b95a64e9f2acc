-- Groups of partners (USMCA, EU, continents ...) as the Census Bureau published them. They overlap each other and the
-- countries, so they stay out of the facts; invariants compare them with their members.
select *
from {{ ref('int_trade_flow') }}
where partner_kind = 'group'
