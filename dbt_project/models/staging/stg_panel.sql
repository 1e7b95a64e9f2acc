select
    panel_id,
    title,
    flow,
    basis,
    classification,
    product_level,
    source_id,
    partners,
    {{ split_list('except_products') }} as except_products,
    break_month,
    break_reason,
    reason,
    decided_on
from {{ ref('seed_panel') }}
