select
    series_id,
    method,
    {{ split_list('inputs') }} as input_series_ids,
    reference,
    base_period,
    title,
    measure,
    unit,
    unit_multiplier,
    currency,
    reason,
    notes,
    declared_on
from {{ ref('seed_derived_series') }}
