-- One row is a value of a series that is read off the trade flows, in the columns in which a publisher sends one.
-- A share needs two cells: what was claimed under USMCA, and all imports for consumption. They may be revised at different times, so
-- the share has a vintage whenever either was revised, made of what was known of both at that moment.
with declared as (
    select
        series_id,
        measure,
        reporter_iso3,
        partner_code,
        flow,
        -- a claimed share is declared once; this is the basis of its first cell, the second is on basis consumption
        case when measure = 'usmca_claimed_share_pct' then 'usmca_claimed' else basis end as basis,
        classification,
        product_level,
        product_code
    from {{ ref('stg_series_from_trade_flow') }}
),

vintages as (
    select * from {{ ref('int_trade_flow_vintage') }}
),

cells as (
    select
        declared.series_id,
        declared.measure,
        vintages.period_start,
        vintages.value_usd,
        vintages.duty_usd,
        vintages.status,
        vintages.known_from,
        vintages.known_to,
        vintages.known_from_basis,
        vintages.payload_id,
        vintages.load_id
    from declared
    inner join vintages
        on declared.reporter_iso3 = vintages.reporter_iso3
        and declared.partner_code = vintages.partner_code
        and declared.flow = vintages.flow
        and declared.basis = vintages.basis
        and declared.classification = vintages.classification
        and declared.product_level = vintages.product_level
        and declared.product_code = vintages.product_code
),

amounts as (
    select
        series_id,
        period_start,
        cast(case measure when 'value_usd' then value_usd when 'duty_usd' then duty_usd end as double) as value,
        status,
        known_from,
        known_from_basis,
        payload_id,
        load_id
    from cells
    where measure in ('value_usd', 'duty_usd')
),

totals as (
    select
        declared.series_id,
        vintages.period_start,
        vintages.value_usd,
        vintages.status,
        vintages.known_from,
        vintages.known_to,
        vintages.known_from_basis,
        vintages.payload_id,
        vintages.load_id
    from declared
    inner join vintages
        on declared.reporter_iso3 = vintages.reporter_iso3
        and declared.partner_code = vintages.partner_code
        and declared.flow = vintages.flow
        and vintages.basis = 'consumption'
        and declared.classification = vintages.classification
        and declared.product_level = vintages.product_level
        and declared.product_code = vintages.product_code
    where declared.measure = 'usmca_claimed_share_pct'
),

claims as (
    select * from cells
    where measure = 'usmca_claimed_share_pct'
),

share_moments as (
    select series_id, period_start, known_from from claims
    union distinct
    select series_id, period_start, known_from from totals
),

shares as (
    select
        share_moments.series_id,
        share_moments.period_start,
        -- where nothing was imported there is no share, which is not a share of zero
        case
            when claims.status <> 'withdrawn' and totals.status <> 'withdrawn'
                then 100.0 * claims.value_usd / nullif(totals.value_usd, 0)
        end as value,
        {{ status_of_rank('greatest(' ~ status_rank('claims.status') ~ ', ' ~ status_rank('totals.status') ~ ')') | indent(8) }} as status,
        share_moments.known_from,
        -- provenance is that of the cell that changed last, because that change made this vintage
        case when claims.known_from >= totals.known_from then claims.known_from_basis else totals.known_from_basis end
            as known_from_basis,
        case when claims.known_from >= totals.known_from then claims.payload_id else totals.payload_id end as payload_id,
        case when claims.known_from >= totals.known_from then claims.load_id else totals.load_id end as load_id
    from share_moments
    inner join claims
        on share_moments.series_id = claims.series_id
        and share_moments.period_start = claims.period_start
        and share_moments.known_from >= claims.known_from
        and share_moments.known_from < coalesce(claims.known_to, {{ still_known() }})
    inner join totals
        on share_moments.series_id = totals.series_id
        and share_moments.period_start = totals.period_start
        and share_moments.known_from >= totals.known_from
        and share_moments.known_from < coalesce(totals.known_to, {{ still_known() }})
)

select
    series_id,
    period_start,
    value,
    -- a null that a publisher sends without a reason means that there is no value
    case when value is null and {{ has_number(status_rank('status')) }} then 'missing' else status end as status,
    known_from,
    known_from_basis,
    payload_id,
    load_id
from (
    select * from amounts
    union all
    select * from shares
) as derived
