select
    source_id,
    series_like,
    period_start,
    lag_days + margin_days as within_days
from {{ source('raw', 'first_release') }}
