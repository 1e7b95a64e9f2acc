-- One row is a month around the cut of a family's primary run on a panel: how far exposed goods stood from where they were before.
with months as (
    select
        family_id,
        panel_id,
        {{ each_item('path') }} as month
    from {{ ref('int_panel_result') }}
    where is_primary
)

select
    family_id,
    panel_id,
    month.month_offset as month_offset,
    month.estimate,
    month.se,
    month.n_cells,
    month.is_reference
from months
order by family_id, panel_id, month_offset
