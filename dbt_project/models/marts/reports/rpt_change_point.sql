{{ config(meta={'by_series': ['int_change_point', 'dim_series']}) }}
select
    cuts.event_id,
    estimate.series_id,
    estimate.cut_month,
    estimate.scale,
    estimate.best_break_month,
    estimate.months_from_cut,
    estimate.break_size,
    estimate.sup_f,
    estimate.placebo_rank,
    estimate.n_placebo,
    estimate.rank_floor,
    estimate.reason
from {{ ref('int_event_design') }} as cuts
inner join {{ ref('int_change_point') }} as estimate on cuts.cut_month = estimate.cut_month
inner join {{ ref('dim_series') }} as series
    on estimate.series_id = series.series_id
    and estimate.cut_month > series.first_period
    and estimate.cut_month <= series.last_period
