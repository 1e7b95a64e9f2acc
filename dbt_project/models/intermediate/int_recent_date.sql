-- One row is a date without an event, from 2010 on, of a series with a long history.
{{ config(materialized='view', meta={'by_series': ['int_cut_standing']}) }}
select
    standing.series_id,
    standing.window_months,
    standing.gap_months,
    standing.scale,
    standing.cut_month,
    standing.statistic,
    standing.is_placebo
from {{ ref('int_cut_standing') }} as standing
where standing.is_placebo
    and standing.as_of_basis = 'latest'
    and standing.n_blocks >= {{ min_placebo_blocks() }}
    and standing.cut_month >= {{ first_recent_month() }}
    and standing.window_months in {{ in_list(judged_windows()) }}
