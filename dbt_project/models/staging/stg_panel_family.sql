select
    family_id,
    title,
    event_id,
    {{ split_list('measures') }} as measures,
    rates_held,
    quiet_until,
    expected_verdict,
    reason,
    decided_on
from {{ ref('seed_panel_family') }}
