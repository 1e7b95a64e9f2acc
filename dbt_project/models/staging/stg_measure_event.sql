select
    measure_id,
    event_id,
    no_event_because
from {{ ref('seed_measure_event') }}
union all
select
    measure_id,
    event_id,
    no_event_because
from {{ source('raw', 'own_tariff_measure') }}
