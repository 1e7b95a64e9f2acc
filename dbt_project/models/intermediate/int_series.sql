{{ config(materialized="view") }}
-- Every declared series stands here: those that a publisher sends or that are read off the trade flows, and those derived from them.
select
    declared.series_id,
    title,
    measure,
    geography_iso3,
    partner_iso3,
    flow,
    basis,
    industry_code,
    industry_system,
    product_code,
    product_system,
    unit,
    unit_multiplier,
    currency,
    frequency,
    seasonal_adjustment,
    source_id,
    source_code,
    fred_alias,
    notes,
    coalesce(place.geography_id, declared.geography_iso3) as geography_id,
    breaks.break_period,
    breaks.reason as break_reason
from {{ ref('stg_series') }} as declared
left join {{ ref('stg_series_geography') }} as place on declared.series_id = place.series_id
left join {{ ref('stg_declared_break') }} as breaks on declared.series_id = breaks.series_id

union all

select
    series_id,
    title,
    measure,
    geography_iso3,
    partner_iso3,
    flow,
    basis,
    industry_code,
    industry_system,
    product_code,
    product_system,
    unit,
    unit_multiplier,
    currency,
    frequency,
    seasonal_adjustment,
    source_id,
    source_code,
    fred_alias,
    notes,
    geography_iso3,
    cast(null as date),
    cast(null as varchar)
from {{ ref('int_derived_series') }}
