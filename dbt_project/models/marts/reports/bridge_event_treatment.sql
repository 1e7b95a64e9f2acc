select
    event_id,
    series_id,
    treatment_id,
    scope
from {{ ref('int_series_treatment') }}
order by event_id, series_id, treatment_id
