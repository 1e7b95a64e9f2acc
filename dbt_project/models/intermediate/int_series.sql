{{ config(materialized="view") }}
-- Every declared series stands here: those that a publisher sends or that are read off the trade flows, and those derived from them.
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
    notes
from {{ ref('stg_series') }}

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
    notes
from {{ ref('int_derived_series') }}
