{{ config(meta={'by_series': ['observation']}) }}
select
    series_id,
    period_start,
    value,
    status,
    known_from,
    known_from_basis,
    payload_id,
    load_id
from {{ source('raw', 'observation') }}
