select weighting, is_primary
from {{ ref('seed_panel_weighting') }}
