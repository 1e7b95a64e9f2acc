-- One row is a month of a cell of the panel of products of six digits: trade and duty of a partner that the panels compare. A month
-- without trade has no row, and chapters 98 and 99 are no goods.
select
    imports.hs6 as product_code,
    country.partner_iso3,
    imports.month as period_start,
    {{ hs_edition('imports.month') }} as classification_version,
    imports.consumption_value as value_usd,
    imports.calculated_duty as duty_usd
from {{ ref('fct_detail_import') }} as imports
inner join {{ ref('stg_country') }} as country on imports.country_code = country.country_code
where country.in_panel
    and imports.hs6 < '98'
    and imports.consumption_value > 0
