-- One row is a series of which something was ever known, with the first and last period of its numbers. dim_series publishes it.
with latest as (
    select
        series_id,
        min(period_start) as first_period,
        max(period_start) as last_period,
        count(*) as observation_count,
        {{ weakest_grade('grade') }} as grade
    from {{ ref('int_observation') }}
    where value is not null
    group by series_id
),

vintages as (
    select
        series_id,
        count(distinct known_from) as vintage_count,
        min(known_from) as oldest_known_from,
        {{ weakest_grade('grade') }} as grade
    from {{ ref('int_observation_vintage') }}
    group by series_id
),

first_releases as (
    select
        series_id,
        count(*) as first_release_count,
        min(period_start) as first_release_from,
        max(period_start) as first_release_to
    from {{ ref('int_observation_first') }}
    where is_first_release
    group by series_id
)

select
    series.series_id,
    series.title,
    series.measure,
    series.geography_iso3,
    series.geography_id,
    series.partner_iso3,
    series.flow,
    series.basis,
    series.industry_code,
    series.industry_system,
    series.product_code,
    series.product_system,
    series.unit,
    series.unit_multiplier,
    series.currency,
    series.frequency,
    series.seasonal_adjustment,
    series.source_id,
    series.source_code,
    series.fred_alias,
    series.notes,
    series.break_period,
    series.break_reason,
    latest.first_period,
    latest.last_period,
    coalesce(latest.observation_count, 0) as observation_count,
    vintages.vintage_count,
    vintages.oldest_known_from,
    coalesce(first_releases.first_release_count, 0) as first_release_count,
    first_releases.first_release_from,
    first_releases.first_release_to,
    cast(lags.within_days as integer) as first_release_within_days,
    -- of a series without a number, that of what is known of it
    coalesce(latest.grade, vintages.grade) as grade
from {{ ref('int_series') }} as series
-- a series that is declared but was never received (a live source that was not asked yet) has nothing to compare
inner join vintages on series.series_id = vintages.series_id
left join latest on series.series_id = latest.series_id
left join first_releases on series.series_id = first_releases.series_id
left join {{ ref('int_series_lag') }} as lags
    on series.series_id = lags.series_id
    and lags.period_start is null
order by series.series_id
