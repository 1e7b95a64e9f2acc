-- One row says where a date without an event of a long series stands among the dates from 2010 on alone: what a series would know of
-- itself that began then. The range that short series share is chosen on these rows (int_rank_threshold).
with recent as (
    select
        standing.series_id,
        standing.window_months,
        standing.gap_months,
        standing.scale,
        standing.cut_month,
        standing.statistic,
        standing.is_placebo,
        true as is_wanted,
        true as is_event,
        false as is_judged
    from {{ ref('int_cut_standing') }} as standing
    where standing.is_placebo
        and standing.as_of_basis = 'latest'
        and standing.n_blocks >= {{ min_placebo_blocks() }}
        and standing.cut_month >= {{ first_recent_month() }}
        and standing.window_months in {{ in_list(judged_windows()) }}
)

select
    series_id,
    window_months,
    gap_months,
    cut_month,
    cast(n_placebo as integer) as n_placebo,
    z_mad
from ({{ placebo_standing('recent', ['series_id', 'window_months', 'gap_months', 'scale']) }}) as standing
where z_mad is not null
