-- One row is a product and partner in a family's primary run on a panel: what its exposure and its trade changed by.
with cells as (
    select
        family_id,
        panel_id,
        {{ each_item('cells') }} as cell
    from {{ ref('int_panel_result') }}
    where is_primary
)

select
    family_id,
    panel_id,
    cell.product_code as product_code,
    cell.partner_iso3 as partner_iso3,
    cell.exposure,
    cell.change_log,
    cell.exposure_left,
    cell.change_left
from cells
order by family_id, panel_id, product_code, partner_iso3
