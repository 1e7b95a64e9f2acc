-- One row says within how many days after a period a figure of a series counts as first released: of every period (period_start null)
-- or of one whose release was put off. A derived one waits for the slowest of its inputs. A series whose source declares nothing
-- is not here: none of its figures counts.
with fitting as (
    select
        series.series_id,
        lags.period_start,
        lags.within_days,
        row_number() over (
            partition by series.series_id, lags.period_start order by length(lags.series_like) desc, lags.series_like
        ) as place
    from {{ ref('stg_series') }} as series
    inner join {{ ref('stg_first_release') }} as lags
        on series.source_id = lags.source_id
        and series.series_id like lags.series_like
),

published as (
    select
        series_id,
        period_start,
        within_days
    from fitting
    where place = 1
),

inputs as (
    select distinct
        series_id,
        input_series_id
    from {{ ref('int_derived_input') }}
    where role <> 'base'
),

-- an input that nothing is declared for leaves the result without a first release
waiting as (
    select
        inputs.series_id,
        max(published.within_days) as within_days
    from inputs
    left join published on inputs.input_series_id = published.series_id and published.period_start is null
    group by inputs.series_id
    having count(*) = count(published.within_days)
)

select * from published

union all

select
    series_id,
    cast(null as date),
    within_days
from waiting

union all

select
    waiting.series_id,
    published.period_start,
    greatest(max(published.within_days), max(waiting.within_days))
from waiting
inner join inputs on waiting.series_id = inputs.series_id
inner join published on inputs.input_series_id = published.series_id and published.period_start is not null
group by waiting.series_id, published.period_start
