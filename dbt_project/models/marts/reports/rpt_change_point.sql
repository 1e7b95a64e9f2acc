select
    cuts.event_id,
    found.series_id,
    found.cut_month,
    found.scale,
    found.best_break_month,
    found.months_from_cut,
    found.break_size,
    found.sup_f,
    found.placebo_rank,
    found.n_placebo,
    found.rank_floor,
    found.reason
from {{ ref('int_event_design') }} as cuts
inner join {{ ref('int_change_point') }} as found on cuts.cut_month = found.cut_month
inner join {{ ref('dim_series') }} as series
    on found.series_id = series.series_id
    and found.cut_month > series.first_period
    and found.cut_month <= series.last_period
