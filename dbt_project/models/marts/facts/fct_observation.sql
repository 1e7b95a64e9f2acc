{{ config(meta={'by_series': ['int_observation', 'int_observation_first']}) }}
select
    latest.series_id,
    latest.period_start,
    latest.frequency,
    latest.value,
    latest.status,
    latest.known_from,
    latest.known_from_basis,
    latest.grade,
    latest.payload_id,
    first_known.known_from as first_known_from,
    first_known.first_known_lag_days,
    first_known.is_first_release
from {{ ref('int_observation') }} as latest
left join {{ ref('int_observation_first') }} as first_known
    on latest.series_id = first_known.series_id
    and latest.period_start = first_known.period_start
order by latest.series_id, latest.period_start
