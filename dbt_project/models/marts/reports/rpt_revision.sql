{{ config(meta={'by_series': ['int_observation_vintage']}) }}
with changes as (
    -- A status alone (preliminary, then confirmed) is not a revision of the number, nor is the same number with more digits. Nor is a
    -- null before the first number, as nothing was known before it either: the first change is the first number.
    select
        series_id,
        period_start,
        value,
        known_from,
        lag(value) over (partition by series_id, period_start order by known_from) is distinct from value
        and adds_digits is not true as is_new_value
    from {{ ref('int_observation_vintage') }} as vintage
    -- what the press quoted is not a release
    where {{ is_not_press('vintage') }}
),

-- a number is taken with the most digits it was given with before it was revised
numbers as (
    select
        *,
        sum(case when is_new_value then 1 else 0 end) over (partition by series_id, period_start order by known_from) as place
    from changes
),

written as (
    select
        numbers.*,
        last_value(value) over (
            partition by series_id, period_start, place order by known_from
            rows between unbounded preceding and unbounded following
        ) as full_value
    from numbers
),

ranked as (
    select
        series_id,
        period_start,
        full_value as value,
        known_from,
        place,
        row_number() over (partition by series_id, period_start order by known_from desc) as place_from_end
    from written
    where is_new_value
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
