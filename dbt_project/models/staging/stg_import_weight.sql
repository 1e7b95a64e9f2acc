select
    partner_iso3,
    {{ split_list('lists') }} as lists,
    value_usd,
    ordinary_usd,
    claimed_usd,
    claimed_late_usd,
    steel_usd,
    aluminium_usd
from {{ ref('seed_import_weight') }}
