-- One row is the rate by law that a cell of a panel bore in a month, as a fraction of its value: from measures of a family (own) or
-- from the other measures whose lists are held. The rate of a list counts by the days of the month and by how much of the group is on
-- the list.
with months as (
    select
        month_start,
        {{ add_months('month_start', 1) }} as next_month
    from {{ ref('int_month') }}
),

cells as (
    select distinct
        cell.panel_id,
        panel.classification,
        cell.product_code,
        cell.partner_iso3
    from {{ ref('int_panel_cell') }} as cell
    inner join {{ ref('stg_panel') }} as panel on cell.panel_id = panel.panel_id
),

measures as (
    select
        listed.measure_id,
        listed.list_id,
        measure.partners,
        measure.rate_pct,
        measure.effective_on,
        measure.ended_on
    from {{ ref('stg_panel_measure') }} as listed
    inner join {{ ref('stg_tariff_measure') }} as measure on listed.measure_id = measure.measure_id
),

on_partner as (
    select
        measures.measure_id,
        measures.list_id,
        partners.partner_iso3,
        coalesce(own.rate_pct, measures.rate_pct) as rate_pct,
        coalesce(own.effective_from, measures.effective_on) as first_day,
        coalesce(own.day_after, measures.ended_on) as day_after
    from measures
    inner join (select distinct partner_iso3 from cells) as partners
        on list_contains(measures.partners, partners.partner_iso3) or list_contains(measures.partners, 'WLD')
    -- what holds for a partner in place of the measure's own days and rate
    left join {{ ref('stg_panel_spell') }} as own
        on measures.measure_id = own.measure_id and partners.partner_iso3 = own.partner_iso3
),

by_month as (
    select
        spell.measure_id,
        spell.list_id,
        spell.partner_iso3,
        months.month_start,
        spell.rate_pct / 100.0
        * {{ days_between('greatest(months.month_start, spell.first_day)', 'least(months.next_month, coalesce(spell.day_after, months.next_month))') }}
        / {{ days_between('months.month_start', 'months.next_month') }} as rate
    from on_partner as spell
    inner join months
        on spell.first_day < months.next_month
        and coalesce(spell.day_after, months.next_month) > months.month_start
    where spell.rate_pct > 0
),

families as (
    select distinct
        design.panel_id,
        design.family_id,
        family.measures
    from {{ ref('stg_panel_design') }} as design
    inner join {{ ref('stg_panel_family') }} as family on design.family_id = family.family_id
    where design.exposure_kind = 'statutory'
)

select
    families.family_id,
    families.panel_id,
    list_contains(families.measures, by_month.measure_id) as is_own,
    cells.product_code,
    cells.partner_iso3,
    by_month.month_start as period_start,
    sum(covered.coverage * by_month.rate) as rate
from families
inner join cells on families.panel_id = cells.panel_id
inner join {{ ref('stg_panel_coverage') }} as covered
    on cells.classification = covered.product_system and cells.product_code = covered.product_code
inner join by_month on covered.list_id = by_month.list_id and cells.partner_iso3 = by_month.partner_iso3
group by
    families.family_id,
    families.panel_id,
    list_contains(families.measures, by_month.measure_id),
    cells.product_code,
    cells.partner_iso3,
    by_month.month_start
order by families.family_id, families.panel_id, is_own, cells.product_code, cells.partner_iso3, period_start
