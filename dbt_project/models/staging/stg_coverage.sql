select
    table_name,
    slice_id,
    cell_id,
    complete,
    known_from,
    known_from_basis,
    first_period,
    last_period,
    missing_periods,
    payload_id,
    load_id
from {{ source('raw', 'coverage') }}
