select
    designs.event_id,
    estimate.series_id,
    estimate.donor_pool_id,
    estimate.cut_month,
    estimate.dropped_months,
    estimate.n_pre,
    estimate.n_donors,
    estimate.donors,
    estimate.weights,
    estimate.mean_gap,
    estimate.pre_rmspe,
    estimate.post_rmspe,
    estimate.rmspe_ratio,
    estimate.misfit,
    estimate.max_weight,
    estimate.earlier_ratio,
    estimate.earlier_rank,
    estimate.rank,
    estimate.rank_floor,
    estimate.gate_passed,
    estimate.reason
from {{ ref('int_event_design') }} as designs
inner join {{ ref('int_synthetic_control') }} as estimate
    on designs.cut_month = estimate.cut_month
    and designs.dropped_months = estimate.dropped_months
inner join {{ ref('dim_series') }} as series
    on estimate.series_id = series.series_id
    and estimate.cut_month > series.first_period
    and estimate.cut_month <= series.last_period
