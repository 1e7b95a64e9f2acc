select
    control_set_id,
    treated_series_id,
    control_series_id,
    weight,
    contains_treated,
    exposed_by
from {{ ref('seed_control_set_member') }}
