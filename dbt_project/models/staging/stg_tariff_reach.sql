select
    measure_id,
    list_id,
    except_list_id,
    base,
    rate_kind,
    exemptions_held,
    remark
from {{ ref('seed_tariff_reach') }}
