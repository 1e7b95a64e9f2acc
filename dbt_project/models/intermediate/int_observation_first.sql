-- One row is the first number known of a period. A gap that the publisher announces (status missing) is not a first release, and
-- neither is what the press quoted.
with numbers as (
    select
        *,
        row_number() over (partition by series_id, period_start order by known_from) as place
    from {{ ref('int_observation_vintage') }} as vintage
    where value is not null
        and {{ is_not_press('vintage') }}
)

select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_from_basis,
    payload_id
from numbers
where place = 1
order by series_id, period_start
