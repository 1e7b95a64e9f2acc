-- One row is a measure in force on a product group in a month, with the days of the month on which it was.
with months as (
    select
        month_start,
        {{ add_months('month_start', 1) }} as next_month
    from {{ ref('int_month') }}
    -- the imports that measures are put beside are held by partner and product from 2013 on
    where month_start between date '2013-01-01' and cast({{ build_timestamp() }} as date)
)

select
    scope.series_id,
    scope.partner_iso3,
    months.month_start as period_start,
    months.next_month,
    scope.measure_id,
    scope.programme,
    scope.coverage,
    measure.rate_pct,
    measure.exemptions,
    greatest(months.month_start, coalesce(measure.effective_on, months.month_start)) as first_day,
    least(months.next_month, coalesce(measure.ended_on, months.next_month)) as day_after,
    own.measure_id is not null as has_own_rate
from {{ ref('int_tariff_scope') }} as scope
inner join {{ ref('stg_tariff_measure') }} as measure on scope.measure_id = measure.measure_id
inner join months
    on coalesce(measure.effective_on, months.month_start) < months.next_month
    and coalesce(measure.ended_on, months.next_month) > months.month_start
left join {{ ref('stg_tariff_partner') }} as own
    on scope.measure_id = own.measure_id
    and scope.partner_iso3 = own.partner_iso3
    and own.treatment = 'own_rate'
    and coalesce(own.effective_from, months.month_start) < months.next_month
    and coalesce(own.effective_to, months.month_start) >= months.month_start
order by scope.series_id, period_start, scope.measure_id
