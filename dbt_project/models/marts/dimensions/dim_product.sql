select
    product_system,
    product_code,
    product_level,
    title,
    parent_code,
    section,
    revisions
from {{ ref('stg_product') }}
order by product_system, product_code
