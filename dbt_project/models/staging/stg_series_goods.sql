select
    goods,
    measure,
    system,
    code,
    reason
from {{ ref('seed_series_goods') }}
