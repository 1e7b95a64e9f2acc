-- Prevents an event that says a duty starts without the day it starts, or announces one without the day it was announced:
-- comparisons are anchored on these days.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event'}}}) }}
select event_id, event_type, event_date, announced_on, effective_on
from {{ ref('seed_event') }}
where (event_type in ('tariff_effective', 'entry_into_force') and effective_on is distinct from event_date)
    or (event_type = 'tariff_announced' and announced_on is null)
