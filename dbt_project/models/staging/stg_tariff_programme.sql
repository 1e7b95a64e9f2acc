select
    measure_id,
    programme
from {{ ref('seed_tariff_programme') }}
