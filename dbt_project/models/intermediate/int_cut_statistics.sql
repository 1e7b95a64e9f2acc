-- One row compares the window before and the window after when a month of a series is taken as a cut, at the cuts of the events of the
-- report, and on the latest basis at every month of a series that is in a control set. The other months only make the dates that these
-- are ranked among, for which int_cut_difference is enough. A window that lacks a month or a few is compared by the others
-- (int_paired_window).
-- It is a table, because two models read it and the four windows of 580,000 cuts take 2 s of processor time to bring together.
{{ config(meta={'by_series': ['int_window_statistics', 'int_known_series', 'int_paired_window']}) }}
{%- set joins %}
    left join {{ ref('int_report_cut') }} as events
        on post.window_start = events.cut_month
        and {{ gap_is_reported('grid.gap_months', 'events.default_gap_months') }}
    left join roles on post.series_id = roles.series_id
{%- endset %}
with roles as (
    select treated_series_id as series_id from {{ ref('int_control_set_member') }}
    union
    select control_series_id from {{ ref('int_control_set_member') }}
),

{{ cut_windows(
    joins=joins | trim, chosen="(events.cut_month is not null or (post.as_of_basis = 'latest' and roles.series_id is not null))"
) }}

select
    series_id,
    as_of_basis,
    window_months,
    gap_months,
    cut_month,
    as_of,
    pre_start,
    pre_end,
    post_start,
    post_end,
    n_pre,
    n_post,
    months_left_out,
    scale,
    pre_mean,
    post_mean,
    d_level,
    d_log,
    pct_change,
    second_diff,
    trend_dev,
    std_diff,
    welch_t,
    welch_df,
    preliminary_months,
    n_episode_months,
    n_revised,
    case
        when not is_complete and n_copied > 0 then {{ reason_copied_later('n_copied', 'oldest_copy') | indent(8) }}
        when not is_complete then {{ reason_missing_month() }}
    end as reason
from ({{ compare_windows('windows') }}) as compared
