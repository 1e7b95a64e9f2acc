-- One row is a measure at one rate in force on a product group in a month, with the days of the month on which it was.
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
    spell.rate_pct,
    measure.exemptions,
    greatest(months.month_start, spell.first_day) as first_day,
    least(months.next_month, coalesce(spell.day_after, months.next_month)) as day_after,
    spell.has_own_rate,
    spell.is_on_all_of_it
from {{ ref('int_tariff_scope') }} as scope
inner join {{ ref('int_tariff_spell') }} as spell
    on scope.measure_id = spell.measure_id and scope.partner_iso3 = spell.partner_iso3
inner join {{ ref('stg_tariff_measure') }} as measure on scope.measure_id = measure.measure_id
inner join months
    on spell.first_day < months.next_month
    and coalesce(spell.day_after, months.next_month) > months.month_start
order by scope.series_id, period_start, scope.measure_id, first_day
