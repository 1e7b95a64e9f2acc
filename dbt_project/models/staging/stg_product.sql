select
    product_system,
    product_code,
    product_level,
    title,
    parent_code,
    section,
    {{ split_list('revisions') }} as revisions
from {{ ref('seed_product') }}
