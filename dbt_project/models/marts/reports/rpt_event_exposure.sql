select
    event_id,
    series_id,
    topic,
    match_basis,
    goods,
    measure_ids,
    n_positions,
    why
from {{ ref('int_event_exposure') }}
order by event_id, series_id, topic
