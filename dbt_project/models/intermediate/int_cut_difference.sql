-- One row is the difference at a month of a series taken as a cut, whether anything happened then or not, where the windows have their
-- values: what cuts are ranked by, and no more. A view, because one model reads it and 1.7 million rows take as long to be written as made.
{{ config(materialized='view', meta={'by_series': ['int_window_statistics', 'int_known_series', 'int_paired_window']}) }}
with {{ cut_windows(with_earlier=false) }}

select
    series_id,
    as_of_basis,
    window_months,
    gap_months,
    cut_month,
    scale,
    d_level,
    d_log,
    welch_t,
    welch_df,
    n_episode_months
from ({{ compare_windows('windows') }}) as compared
where is_complete
