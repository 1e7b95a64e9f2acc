-- One row is a family of measures, or an event, that the panels are about.
select
    family_id,
    'goods' as compares,
    title,
    event_id,
    measures as measure_ids,
    expected_verdict,
    reason,
    decided_on
from {{ ref('stg_panel_family') }}

union all

select
    family_id,
    'states' as compares,
    title,
    event_id,
    {{ empty_list() }} as measure_ids,
    cast(null as varchar) as expected_verdict,
    reason,
    decided_on
from {{ ref('stg_state_design') }}
where is_primary
order by compares, family_id
