select
    programme,
    goods,
    reason
from {{ ref('seed_measure_goods') }}
