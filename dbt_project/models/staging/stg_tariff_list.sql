select
    list_id,
    title,
    source_reference
from {{ ref('seed_tariff_list') }}
