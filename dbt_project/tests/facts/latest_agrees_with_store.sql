-- The store keeps the current state beside the history, and the models read the history: both must tell the same.
-- A difference means that a vintage which arrived late was filed as the newest one. The store takes a copy with fewer digits as it
-- is, the models leave the figure that it rounds in force.
{{ config(meta={'dagster': {'ref': {'name': 'int_published_vintage'}}}) }}
select
    coalesce(stored.series_id, latest.series_id) as series_id,
    coalesce(stored.period_start, latest.period_start) as period_start,
    stored.value as stored_value,
    latest.value as latest_value
from {{ source('raw', 'observation_current') }} as stored
full join (
    select vintages.*
    from {{ ref('int_published_vintage') }} as vintages
    where vintages.known_to is null
        and vintages.series_id not in (select series_id from {{ ref('seed_series_from_trade_flow') }})
) as latest on stored.series_id = latest.series_id and stored.period_start = latest.period_start
where (
    stored.value is distinct from latest.value
    and not coalesce(
        {{ decimals('stored.value') }} < {{ decimals('latest.value') }}
        and abs(stored.value - latest.value)
        <= 0.5 * power(10, -({{ decimals('stored.value') }})) * (1 + 1e-9) + 1e-15 * abs(latest.value),
        false
    )
)
or stored.status is distinct from latest.status
