-- One row is a month of a ready panel in which a measure of the USA was announced for a partner or in force on it, on at least a day.
with months as (
    select distinct
        cell.panel_id,
        cell.partner_iso3,
        cell.period_start,
        {{ add_months('cell.period_start', 1) }} as next_month
    from {{ ref('int_panel_cell') }} as cell
    inner join {{ ref('stg_panel') }} as panel on cell.panel_id = panel.panel_id
    where panel.partners >= {{ ready_panel_partners() }}
),

partners as (
    select distinct
        partner_iso3,
        case when {{ is_eu_member('partner_iso3') }} then 'DEU' else partner_iso3 end as listed_as
    from months
),

spells as (
    select
        measure.measure_id,
        partners.partner_iso3,
        measure.announced_on,
        coalesce(own.effective_from, measure.effective_on) as first_day,
        case when own.measure_id is null then measure.ended_on else own.day_after end as day_after,
        treated.treatment,
        treated.effective_from as treated_from
    from {{ ref('stg_tariff_measure') }} as measure
    inner join partners
        on list_contains(measure.partners, partners.listed_as) or list_contains(measure.partners, 'WLD')
    -- what holds for a partner of the panels in place of the measure's own days, a rate of zero for an exemption
    left join {{ ref('stg_panel_spell') }} as own
        on measure.measure_id = own.measure_id and partners.partner_iso3 = own.partner_iso3
    left join {{ ref('stg_tariff_partner') }} as treated
        on measure.measure_id = treated.measure_id and partners.listed_as = treated.partner_iso3 and own.measure_id is null
    where measure.in_force
        and not {{ is_own('measure') }}
        and measure.imposing_iso3 = 'USA'
        and measure.effective_on is not null
        and coalesce(own.rate_pct, 1) > 0
        and coalesce(treated.treatment, '-') <> 'exempt'
),

ended as (
    select
        measure_id,
        partner_iso3,
        announced_on,
        first_day,
        -- where the partner goes on under a measure of its own, this one is over
        case
            when treatment = 'row_of_its_own' and (day_after is null or treated_from < day_after) then treated_from
            else day_after
        end as day_after
    from spells
)

select
    months.panel_id,
    ended.measure_id,
    ended.partner_iso3,
    months.period_start,
    ended.first_day < months.next_month as is_in_force
from ended
inner join months
    on ended.partner_iso3 = months.partner_iso3
    and coalesce(least(ended.announced_on, ended.first_day), ended.first_day) < months.next_month
    and (ended.day_after is null or ended.day_after > months.period_start)
where ended.day_after is null or ended.day_after > ended.first_day
order by months.panel_id, ended.measure_id, ended.partner_iso3, months.period_start
