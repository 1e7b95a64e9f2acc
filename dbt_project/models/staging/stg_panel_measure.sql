select measure_id, list_id
from {{ ref('seed_panel_measure') }}
