-- One row is a run of a panel: a family of measures on a panel at a cut, in a width and gap, by one kind of exposure and weighting.
select
    design.family_id,
    design.panel_id,
    panel.product_level,
    design.cut_month,
    design.window_months,
    design.gap_months,
    design.exposure_kind,
    weighting.weighting,
    design.is_primary and weighting.is_primary as is_primary,
    family.quiet_until,
    family.rates_held,
    panel.break_month,
    panel.break_reason
from {{ ref('stg_panel_design') }} as design
inner join {{ ref('stg_panel_family') }} as family on design.family_id = family.family_id
inner join {{ ref('stg_panel') }} as panel on design.panel_id = panel.panel_id
cross join {{ ref('stg_panel_weighting') }} as weighting
