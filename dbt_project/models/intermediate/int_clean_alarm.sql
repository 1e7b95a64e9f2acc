-- One row is a date without an event at which the rule of the verdict was tried, and whether it fired. Long series are held against a
-- rank that was chosen on other stretches of time, short series against the multiple that long series lend them.
{{ config(meta={'by_series': ['int_cut_standing']}) }}
select
    standing.series_id,
    standing.window_months,
    standing.gap_months,
    standing.cut_month,
    'own' as scope_of_range,
    standing.placebo_rank <= levels.rank_threshold as fires
from {{ ref('int_cut_standing') }} as standing
inner join {{ ref('int_rank_threshold') }} as levels
    on levels.comparison = 'before_after'
    and standing.window_months = levels.window_months
    and standing.gap_months = levels.gap_months
    and {{ calibration_half('standing.cut_month') }} = levels.for_half
where standing.is_placebo and standing.as_of_basis = 'latest' and standing.n_blocks >= {{ min_placebo_blocks() }}

union all

select
    standing.series_id,
    standing.window_months,
    standing.gap_months,
    standing.cut_month,
    'pooled',
    abs(standing.z_mad) > levels.z_threshold
from {{ ref('int_cut_standing') }} as standing
inner join {{ ref('int_rank_threshold') }} as levels
    on levels.comparison = 'before_after_pooled'
    and levels.for_half = {{ both_halves() }}
    and standing.window_months = levels.window_months
    and standing.gap_months = levels.gap_months
where standing.is_placebo
    and standing.as_of_basis = 'latest'
    and standing.n_blocks < {{ min_placebo_blocks() }}
    and standing.z_mad is not null
