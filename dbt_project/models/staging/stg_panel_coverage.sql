select product_system, product_code, list_id, coverage
from {{ ref('seed_panel_coverage') }}
