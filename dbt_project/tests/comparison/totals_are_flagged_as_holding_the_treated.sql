-- A total shares the movement of its parts: unflagged, its difference would pass for one against others. Totals are known by
-- the world as partner, and by an industry or product code that is wider or absent; those without codes are flagged by hand.
{{ config(meta={'dagster': {'ref': {'name': 'seed_control_set_member'}}}) }}
with pairs as (
    select
        members.*,
        treated.geography_iso3 = control.geography_iso3
        and (
            coalesce(treated.partner_iso3, '') = coalesce(control.partner_iso3, '')
            and (
                (coalesce(control.industry_code, control.product_code) is null
                    and coalesce(treated.industry_code, treated.product_code) is not null)
                -- 31-33 is manufacturing in NAICS, 31 in BLS's own code durable goods
                or (control.industry_code in ('31-33', '31') and treated.industry_code like '3%'
                    and treated.industry_code <> control.industry_code)
            )
            or (control.partner_iso3 = 'WLD' and treated.partner_iso3 <> 'WLD'
                and coalesce(treated.product_code, treated.industry_code, '') = coalesce(control.product_code, control.industry_code, ''))
        ) as is_total
    from {{ ref('seed_control_set_member') }} as members
    inner join {{ ref('stg_series') }} as treated on members.treated_series_id = treated.series_id
    inner join {{ ref('stg_series') }} as control on members.control_series_id = control.series_id
)

select control_set_id, treated_series_id, control_series_id, contains_treated
from pairs
where is_total and not contains_treated
