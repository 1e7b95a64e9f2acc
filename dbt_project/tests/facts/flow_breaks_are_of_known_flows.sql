-- A declared break of a partner's trade lies within its figures: otherwise it is of another partner, or out of date, and what it
-- parts would be compared. A series that is read off such cells has the same break (seed_declared_break).
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
with held as (
    select
        reporter_iso3,
        partner_code,
        flow,
        basis,
        classification,
        product_code,
        min(period_start) as first_period,
        max(period_start) as last_period
    from {{ ref('int_trade_flow') }}
    where classification = 'TOTAL'
    group by all
)

select
    breaks.partner_code,
    breaks.flow,
    breaks.basis,
    breaks.break_period,
    series.series_id
from {{ ref('stg_declared_flow_break') }} as breaks
left join held
    on breaks.reporter_iso3 = held.reporter_iso3
    and breaks.partner_code = held.partner_code
    and breaks.flow = held.flow
    and breaks.basis = held.basis
    and breaks.classification = held.classification
    and breaks.product_code = held.product_code
left join {{ ref('stg_series_from_trade_flow') }} as series
    on breaks.reporter_iso3 = series.reporter_iso3
    and breaks.partner_code = series.partner_code
    and breaks.flow = series.flow
    and breaks.basis = series.basis
    and breaks.classification = series.classification
    and breaks.product_code = series.product_code
left join {{ ref('dim_series') }} as declared on series.series_id = declared.series_id
where held.first_period is null
    or breaks.break_period <= held.first_period
    or breaks.break_period > held.last_period
    or (series.series_id is not null and declared.break_period is distinct from breaks.break_period)
