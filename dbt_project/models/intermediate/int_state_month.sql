-- One row is a month of a US state: its manufacturing jobs, as known now and as first known, and its automotive freight with Canada and
-- Mexico where that month's freight is held.
with series as (
    select
        series.series_id,
        place.bts_code as us_state_code,
        series.unit_multiplier
    from {{ ref('int_known_series') }} as series
    inner join {{ ref('stg_geography') }} as place on series.geography_id = place.geography_id
    where {{ is_state_manufacturing('series') }}
        and place.kind = 'state'
),

jobs as (
    select
        'latest' as as_of_basis,
        series.us_state_code,
        observed.period_start,
        observed.value * series.unit_multiplier as jobs
    from {{ ref('int_observation') }} as observed
    inner join series on observed.series_id = series.series_id
    where observed.value is not null

    union all

    select
        'first_release' as as_of_basis,
        series.us_state_code,
        observed.period_start,
        observed.value * series.unit_multiplier as jobs
    from {{ ref('int_observation_first') }} as observed
    inner join series on observed.series_id = series.series_id
    -- an oldest copy that is later than the release has been revised already
    where observed.is_first_release
),

freight as (
    select
        us_state_code,
        period_start,
        cast(sum(value_usd) as double) as freight_usd
    from {{ ref('int_freight_flow') }}
    where hs2 = {{ automotive_chapter() }}
    group by us_state_code, period_start
),

-- freight of months before the first jobs is needed as well
bases as (
    select distinct as_of_basis from jobs
),

states as (
    select distinct us_state_code from series
)

select
    jobs.as_of_basis,
    jobs.us_state_code,
    jobs.period_start,
    jobs.jobs,
    freight.freight_usd
from jobs
left join freight on jobs.us_state_code = freight.us_state_code and jobs.period_start = freight.period_start

union all

select
    bases.as_of_basis,
    freight.us_state_code,
    freight.period_start,
    cast(null as double) as jobs,
    freight.freight_usd
from freight
inner join states on freight.us_state_code = states.us_state_code
cross join bases
left join jobs
    on bases.as_of_basis = jobs.as_of_basis
    and freight.us_state_code = jobs.us_state_code
    and freight.period_start = jobs.period_start
where jobs.us_state_code is null
order by as_of_basis, us_state_code, period_start
