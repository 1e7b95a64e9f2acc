-- One row is the first number known of a period, and whether that was its first release: known within the days that the source's
-- lag and margin allow (int_series_lag). Any other is only the oldest copy held. A gap that the publisher announces (status missing)
-- is not a first release, and neither is what the press quoted.
with numbers as (
    select
        vintage.*,
        row_number() over (partition by series_id, period_start order by known_from) as place,
        count(*) over (partition by series_id, period_start, revision_number) as n_writings,
        count(*) over (partition by series_id, period_start) as n_numbers
    from {{ ref('int_observation_vintage') }} as vintage
    where value is not null
        and {{ is_not_press('vintage') }}
),

first_known as (
    select
        numbers.series_id,
        numbers.period_start,
        numbers.frequency,
        numbers.value,
        numbers.status,
        numbers.known_from,
        numbers.known_from_basis,
        numbers.payload_id,
        cast({{ days_between(last_day_of_period('numbers.period_start', 'numbers.frequency'), 'numbers.known_from') }} as integer)
            as first_known_lag_days,
        numbers.n_numbers > numbers.n_writings as has_later_version,
        coalesce(put_off.within_days, lags.within_days) as within_days
    from numbers
    left join {{ ref('int_series_lag') }} as lags
        on numbers.series_id = lags.series_id
        and lags.period_start is null
    left join {{ ref('int_series_lag') }} as put_off
        on numbers.series_id = put_off.series_id
        and numbers.period_start = put_off.period_start
    where numbers.place = 1
),

-- a figure computed from one that was revised before it was first held here is no first release, however early it is
late_inputs as (
    select distinct
        inputs.series_id,
        known.period_start
    from {{ ref('int_derived_input') }} as inputs
    inner join first_known as known on inputs.input_series_id = known.series_id
    where inputs.role <> 'base' and known.first_known_lag_days > known.within_days
)

select
    first_known.series_id,
    first_known.period_start,
    first_known.frequency,
    first_known.value,
    first_known.status,
    first_known.known_from,
    first_known.known_from_basis,
    first_known.payload_id,
    first_known.first_known_lag_days,
    coalesce(first_known.first_known_lag_days <= first_known.within_days, false) and late_inputs.series_id is null
        as is_first_release,
    first_known.has_later_version
from first_known
left join late_inputs
    on first_known.series_id = late_inputs.series_id
    and first_known.period_start = late_inputs.period_start
order by first_known.series_id, first_known.period_start
