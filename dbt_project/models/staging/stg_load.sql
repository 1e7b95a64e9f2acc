select
    load_id,
    payload_id,
    table_name,
    loaded_at,
    parser_version,
    rows_in,
    rows_appended,
    rows_unchanged,
    rows_rejected,
    rows_revised,
    rows_withdrawn,
    rows_reinstated
from {{ source('raw', 'load') }}
