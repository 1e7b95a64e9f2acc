select
    list_id,
    {{ split_list('hs_codes') }} as hs_codes
from {{ ref('seed_tariff_list_code') }}
