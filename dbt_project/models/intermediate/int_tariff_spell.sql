-- One row is a measure of the USA on a partner at one rate: its days, less those on which the partner pays under a row of its own, and
-- apart those on which it pays another rate. day_after is exclusive, and null while the measure lasts.
with measures as (
    select
        measure.measure_id,
        programme.programme,
        measure.partners,
        measure.rate_pct,
        measure.effective_on,
        measure.ended_on
    from {{ ref('stg_tariff_measure') }} as measure
    inner join {{ ref('stg_tariff_programme') }} as programme on measure.measure_id = programme.measure_id
    where measure.in_force
),

named as (
    select measure_id, {{ each_item('partners') }} as partner from measures
),

partners as (
    select partner_iso3 from {{ ref('int_known_series') }} where geography_iso3 = 'USA' and partner_iso3 is not null
    union distinct
    select partner_iso3 from {{ ref('stg_import_weight') }}
),

on_partner as (
    select
        named.measure_id,
        partners.partner_iso3,
        -- false where the world stands for the one partner whose goods the measure is on
        max(case when named.partner in (partners.partner_iso3, 'WLD') then 1 else 0 end) = 1 as is_on_all_of_it
    from partners
    inner join named on named.partner in (partners.partner_iso3, 'WLD') or partners.partner_iso3 = 'WLD'
    group by named.measure_id, partners.partner_iso3
),

treated as (
    select
        on_partner.measure_id,
        on_partner.partner_iso3,
        on_partner.is_on_all_of_it,
        measures.programme,
        measures.rate_pct,
        measures.effective_on,
        measures.ended_on,
        own.treatment,
        own.rate_pct as own_rate_pct,
        own.rate_kind as own_rate_kind,
        case when own.measure_id is not null then greatest(measures.effective_on, coalesce(own.effective_from, measures.effective_on)) end as own_from
    from on_partner
    inner join measures on on_partner.measure_id = measures.measure_id
    left join {{ ref('stg_tariff_partner') }} as own
        on on_partner.measure_id = own.measure_id and on_partner.partner_iso3 = own.partner_iso3
    where own.treatment is null or own.treatment <> 'exempt'
),

spells as (
    -- the days on the rate of the measure
    select
        measure_id,
        partner_iso3,
        programme,
        is_on_all_of_it,
        rate_pct,
        cast(null as varchar) as own_rate_kind,
        false as has_own_rate,
        effective_on as first_day,
        least(coalesce(own_from, ended_on), coalesce(ended_on, own_from)) as day_after
    from treated
    union all
    -- the days on another rate; where that is not known it is said so
    select
        measure_id,
        partner_iso3,
        programme,
        is_on_all_of_it,
        case when treatment = 'other_rate' then own_rate_pct else rate_pct end as rate_pct,
        own_rate_kind,
        treatment = 'own_rate' as has_own_rate,
        own_from as first_day,
        ended_on as day_after
    from treated
    where treatment in ('other_rate', 'own_rate')
)

select
    measure_id,
    partner_iso3,
    programme,
    is_on_all_of_it,
    rate_pct,
    own_rate_kind,
    has_own_rate,
    first_day,
    day_after
from spells
where day_after is null or day_after > first_day
order by measure_id, partner_iso3, first_day
