with changes as (
    -- a status alone (preliminary, then confirmed) is not a revision of the number
    select
        *,
        lag(value) over (partition by series_id, period_start order by known_from) is distinct from value as is_new_value
    from {{ ref('int_observation_vintage') }}
),

numbers as (
    select
        series_id,
        period_start,
        min(known_from) as first_known_from
    from changes
    where value is not null
    group by series_id, period_start
),

ranked as (
    select
        changes.series_id,
        changes.period_start,
        changes.value,
        changes.known_from,
        numbers.first_known_from,
        row_number() over (partition by changes.series_id, changes.period_start order by changes.known_from) as place,
        row_number() over (partition by changes.series_id, changes.period_start order by changes.known_from desc) as place_from_end
    from changes
    inner join numbers
        on changes.series_id = numbers.series_id
        and changes.period_start = numbers.period_start
        and changes.known_from >= numbers.first_known_from
    where changes.is_new_value or changes.known_from = numbers.first_known_from
),

compared as (
    select
        first_known.series_id,
        first_known.period_start,
        first_known.value as first_value,
        first_known.known_from as first_known_from,
        last_known.value as latest_value,
        last_known.known_from as latest_known_from,
        cast(last_known.place - 1 as integer) as n_revisions
    from ranked as first_known
    inner join ranked as last_known
        on first_known.series_id = last_known.series_id
        and first_known.period_start = last_known.period_start
        and last_known.place_from_end = 1
    where first_known.place = 1
)

select
    series_id,
    period_start,
    first_value,
    first_known_from,
    latest_value,
    latest_known_from,
    n_revisions,
    latest_value - first_value as revision,
    case when first_value > 0 and latest_value > 0 then 100 * (latest_value / first_value - 1) end as revision_pct,
    cast({{ days_between('first_known_from', 'latest_known_from') }} as integer) as days_to_latest
from compared
order by series_id, period_start
