select
    payload_id,
    source_id,
    dataset,
    request_url,
    retrieved_at,
    http_status,
    media_type,
    sha256,
    bytes,
    archive_path
from {{ ref('stg_payload') }}
order by payload_id
