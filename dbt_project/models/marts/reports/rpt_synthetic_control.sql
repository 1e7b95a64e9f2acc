select
    designs.event_id,
    found.series_id,
    found.donor_pool_id,
    found.cut_month,
    found.dropped_months,
    found.n_pre,
    found.n_donors,
    found.donors,
    found.weights,
    found.mean_gap,
    found.pre_rmspe,
    found.post_rmspe,
    found.rmspe_ratio,
    found.misfit,
    found.max_weight,
    found.earlier_ratio,
    found.earlier_rank,
    found.rank,
    found.rank_floor,
    found.gate_passed,
    found.reason
from {{ ref('int_event_design') }} as designs
inner join {{ ref('int_synthetic_control') }} as found
    on designs.cut_month = found.cut_month
    and designs.dropped_months = found.dropped_months
inner join {{ ref('dim_series') }} as series
    on found.series_id = series.series_id
    and found.cut_month > series.first_period
    and found.cut_month <= series.last_period
