select
    measure,
    by_product,
    family_id
from {{ ref('seed_family_measure') }}
