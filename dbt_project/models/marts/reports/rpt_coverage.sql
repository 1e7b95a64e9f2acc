-- One row is a source's figures of one kind: on one basis, in one classification and level, with one partner. A hole is a period
-- between the first and the last of which nothing is held; of series each is looked at by itself, and a period that one of them
-- lacks is a hole of the row.
{% set kind_of_flow = [
    'held_as', 'source_id', 'geography_iso3', 'flow', 'basis', 'classification', 'product_level', 'partner_iso3',
] %}
{% set kind_of_series = [
    'source_id', 'measure', 'geography_iso3', 'flow', 'basis', 'classification', 'product_level', 'partner_iso3', 'frequency', 'seasonal_adjustment',
] %}
with flow_cells as (
    select
        'trade_flow' as held_as,
        source_id,
        'trade_value' as measure,
        reporter_iso3 as geography_iso3,
        flow,
        basis,
        classification,
        product_level,
        partner_iso3,
        product_code,
        period_start,
        value_usd,
        duty_usd
    from {{ ref('fct_trade_flow') }}
    where value_usd is not null
    union all
    select
        'freight_flow',
        source_id,
        'freight_value',
        'USA',
        flow,
        case when flow = 'imports' then 'customs' else 'total_exports' end,
        'HS',
        cast(2 as smallint),
        partner_iso3,
        hs2,
        period_start,
        value_usd,
        null
    from {{ ref('fct_freight_flow') }}
    where value_usd is not null
),

flow_months as (
    select
        {{ kind_of_flow | join(', ') }},
        measure,
        period_start,
        count(*) as n_rows,
        sum(case when value_usd = 0 then 1 else 0 end) as n_zeros,
        count(duty_usd) as n_duties
    from flow_cells
    group by {{ kind_of_flow | join(', ') }}, measure, period_start
),

flow_codes as (
    select {{ kind_of_flow | join(', ') }}, count(*) as n_codes
    from (select distinct {{ kind_of_flow | join(', ') }}, product_code from flow_cells) as codes
    group by {{ kind_of_flow | join(', ') }}
),

flows as (
    select
        {{ kind_of_flow | join(', ') }},
        measure,
        'monthly' as frequency,
        'NSA' as seasonal_adjustment,
        count(*) as n_periods,
        min(period_start) as first_period,
        max(period_start) as last_period,
        sum(n_rows) as n_rows,
        sum(n_zeros) as n_zeros,
        sum(n_duties) as n_duties
    from flow_months
    group by {{ kind_of_flow | join(', ') }}, measure
),

kinds as (
    select
        series_id,
        source_id,
        measure,
        geography_iso3,
        flow,
        basis,
        coalesce(product_system, industry_system) as classification,
        coalesce(product_code, industry_code) as code,
        -- a code that spans several (31-33) has no number of digits, and end uses are no hierarchy of digits
        case
            when coalesce(product_system, industry_system) in ('HS', 'NAICS', 'SCIAN') and coalesce(product_code, industry_code) not like '%-%'
                then cast(length(coalesce(product_code, industry_code)) as smallint)
        end as product_level,
        partner_iso3,
        frequency,
        seasonal_adjustment
    from {{ ref('dim_series') }}
),

series as (
    select
        kinds.*,
        dense_rank() over (order by {{ kind_of_series | join(', ') }}) as kind_number
    from kinds
),

observed as (
    select
        series_id,
        count(*) as n_periods,
        sum(case when value = 0 then 1 else 0 end) as n_zeros,
        min(period_start) as first_period,
        max(period_start) as last_period
    from {{ ref('fct_observation') }}
    where value is not null
    group by series_id
),

kind_periods as (
    select kind_number, count(distinct period_start) as n_periods
    from {{ ref('fct_observation') }} as observed_value
    inner join series on observed_value.series_id = series.series_id
    where observed_value.value is not null
    group by kind_number
),

of_series as (
    select
        series.kind_number,
        series.{{ kind_of_series | join(', series.') }},
        count(*) as n_series,
        count(distinct series.code) as n_codes,
        min(observed.first_period) as first_period,
        max(observed.last_period) as last_period,
        sum(observed.n_periods) as n_rows,
        sum(observed.n_zeros) as n_zeros
    from series
    inner join observed on series.series_id = observed.series_id
    group by series.kind_number, series.{{ kind_of_series | join(', series.') }}
),

-- a row of the report, with a number by which its periods are found again
report as (
    select
        held_as,
        {{ kind_of_series | join(', ') }},
        n_codes,
        0 as n_series,
        first_period,
        last_period,
        n_periods,
        n_rows,
        n_zeros,
        n_duties,
        -row_number() over () as report_number
    from flows
    inner join flow_codes using ({{ kind_of_flow | join(', ') }})
    union all
    select
        'series',
        {{ kind_of_series | join(', ') }},
        n_codes,
        n_series,
        first_period,
        last_period,
        kind_periods.n_periods,
        n_rows,
        n_zeros,
        0,
        kind_number
    from of_series
    inner join kind_periods using (kind_number)
),

-- what has fewer periods than its span, as one line a period; days without a figure are Sundays and holidays
incomplete as (
    select
        report.report_number,
        cast(null as varchar) as series_id,
        1 as step,
        flow_months.period_start
    from report
    inner join flow_months using ({{ kind_of_flow | join(', ') }})
    where report.n_periods <= {{ months_between('report.first_period', 'report.last_period') }}
    union all
    select
        series.kind_number,
        series.series_id,
        case series.frequency when 'quarterly' then 3 when 'annual' then 12 else 1 end,
        value_of.period_start
    from series
    inner join observed on series.series_id = observed.series_id
    inner join {{ ref('fct_observation') }} as value_of on series.series_id = value_of.series_id and value_of.value is not null
    where series.frequency <> 'daily'
        and observed.n_periods * case series.frequency when 'quarterly' then 3 when 'annual' then 12 else 1 end
        <= {{ months_between('observed.first_period', 'observed.last_period') }}
),

gaps as (
    select *
    from (
        select
            *,
            lag(period_start) over (partition by report_number, series_id order by period_start) as before
        from incomplete
    ) as steps
    where {{ months_between('before', 'period_start') }} > step
),

holes as (
    select distinct
        gaps.report_number,
        gaps.step,
        months.month_start as period_start
    from gaps
    inner join {{ ref('int_month') }} as months
        on gaps.before < months.month_start
        and gaps.period_start > months.month_start
        and {{ months_between('gaps.before', 'months.month_start') }} % gaps.step = 0
),

-- holes that follow each other are one stretch: they have the same distance to their place in the row
stretches as (
    select
        report_number,
        min(period_start) as first_hole,
        max(period_start) as last_hole,
        count(*) as n_periods
    from (
        select
            *,
            {{ add_months('period_start', '-step * row_number() over (partition by report_number order by period_start)') }} as stretch
        from holes
    ) as placed
    group by report_number, stretch
),

listed as (
    select
        report_number,
        cast(sum(n_periods) as integer) as hole_count,
        {{ ordered_list("case when first_hole = last_hole then left(cast(first_hole as varchar), 7) else concat(left(cast(first_hole as varchar), 7), ' to ', left(cast(last_hole as varchar), 7)) end", 'first_hole') }} as holes
    from stretches
    group by report_number
),

with_holes as (
    select report_number, count(distinct series_id) as n_series
    from gaps
    group by report_number
)

select
    report.source_id,
    report.held_as,
    report.{{ kind_of_series[1:] | join(', report.') }},
    cast(report.n_codes as integer) as product_count,
    cast(report.n_series as integer) as series_count,
    report.first_period,
    report.last_period,
    cast(report.n_periods as integer) as period_count,
    coalesce(listed.hole_count, 0) as hole_count,
    coalesce(listed.holes, {{ empty_list() }}) as holes,
    cast(case when report.held_as = 'series' then coalesce(with_holes.n_series, 0) end as integer) as series_with_holes,
    cast(report.n_rows as bigint) as row_count,
    cast(report.n_zeros as bigint) as zero_count,
    cast(report.n_duties as bigint) as duty_count,
    coalesce(absent.zeros, 'not_told') as zeros,
    coalesce(absent.absent_row, 'not_told') as absent_row,
    absent.evidence as absent_row_evidence
from report
left join listed on report.report_number = listed.report_number
left join with_holes on report.report_number = with_holes.report_number
left join {{ ref('stg_absent_row') }} as absent
    on report.source_id = absent.source_id and report.held_as = absent.held_as
order by report.source_id, report.held_as, report.{{ kind_of_series[1:] | join(', report.') }}
