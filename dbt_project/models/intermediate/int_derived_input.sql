-- One row is one input of a derived series. Its role says what is done with it: the input `minus` is taken from `plus`, the result
-- is divided by the input `over`, multiplied with `times`, and related to the mean of the base year of the input `base`.
with declared as (
    select
        series_id,
        method,
        input_series_ids,
        reference,
        base_period
    from {{ ref('stg_derived_series') }}
),

named as (
    select series_id, method, input_series_ids[1] as input_series_id, 'plus' as role, 1 as place, base_period from declared

    union all

    select series_id, method, input_series_ids[2], 'minus', 2, base_period from declared
    where method = 'difference'

    union all

    select declared.series_id, declared.method, declared.reference,
        -- exchange rates are units of local currency per US dollar
        case when declared.method = 'converted' and first_input.currency = 'USD' then 'times' else 'over' end,
        2, declared.base_period
    from declared
    -- a left join, because an input that does not exist must fail a test and not vanish
    left join {{ ref('stg_series') }} as first_input on declared.input_series_ids[1] = first_input.series_id
    where declared.reference is not null

    union all

    select series_id, method, coalesce(reference, input_series_ids[1]), 'base', 3, base_period from declared
    where base_period is not null
)

select
    named.series_id,
    named.method,
    named.place,
    named.role,
    named.input_series_id,
    series.unit_multiplier as input_multiplier,
    series.source_id as input_source_id,
    named.base_period
from named
left join {{ ref('stg_series') }} as series on named.input_series_id = series.series_id
order by named.series_id, named.place
