{#
    The windows of a series around every month that may be a cut.
    Belongs here: which windows are brought together at a cut. Does not belong here: what is computed from them (compare_windows in
    before_after.sql), the windows themselves (int_window_statistics), which months are left out of them (left_out.sql).
#}

{#
    The common table expressions grid, whole and windows. windows is what compare_windows takes, one row for each cut, width and gap, with
    n_copied, oldest_copy, n_revised and the columns of a comparison.

    with_earlier: whether the windows before the window before come along, which second_diff, trend_dev and as_of need: without them it
    takes half the time. joins, chosen: SQL that adds relations to `post` and `grid`, and a condition on them, where not all cuts are wanted.
#}
{% macro cut_windows(with_earlier=true, joins='', chosen='true') -%}
grid as (
    {{ report_grid() | indent(4) }}
),

whole as (
    select
        post.series_id,
        post.as_of_basis,
        grid.window_months,
        grid.gap_months,
        post.window_start as cut_month,
        pre.window_start as pre_start,
        {{ add_months('pre.window_start', 'grid.window_months - 1') }} as pre_end,
        post.window_start as post_start,
        {{ add_months('post.window_start', 'grid.window_months - 1') }} as post_end,
        grid.window_months as pre_length,
        {{ has_log_scale() }} as log_allowed,
        pre.n_episode_months + post.n_episode_months as n_episode_months,
        pre.n_copied + post.n_copied as n_copied,
        least(pre.oldest_copy, post.oldest_copy) as oldest_copy,
        pre.n_revised + post.n_revised as n_revised,
        {{ empty_list() }} as months_left_out,
        {{ windows_side_by_side(with_earlier) | indent(8) }}
    from grid
    inner join {{ ref('int_window_statistics') }} as post
        on grid.window_months = post.window_months
    inner join {{ ref('int_window_statistics') }} as pre
        on post.series_id = pre.series_id
        and post.as_of_basis = pre.as_of_basis
        and post.window_months = pre.window_months
        and post.month_index - grid.lag_months = pre.month_index
    inner join {{ ref('int_known_series') }} as series
        on post.series_id = series.series_id
    {%- if with_earlier %}
    left join {{ ref('int_window_statistics') }} as earlier
        on post.series_id = earlier.series_id
        and post.as_of_basis = earlier.as_of_basis
        and post.window_months = earlier.window_months
        and post.month_index - 2 * grid.lag_months = earlier.month_index
    left join {{ ref('int_window_statistics') }} as trend
        on post.series_id = trend.series_id
        and post.as_of_basis = trend.as_of_basis
        and trend.window_months = {{ trend_months() }}
        and post.month_index - grid.gap_months - {{ trend_months() }} = trend.month_index
    {%- endif %}
    {{ joins }}
    -- the window after the cut lies within the life of the series; the window before it then does too
    where post.n_months = grid.window_months
        -- where not one month of the windows has its first release there is nothing to say about it
        and (post.as_of_basis = 'latest' or pre.n_values + post.n_values > 0)
        and {{ chosen }}
),

-- Windows that lack a month or a few are compared by the others; the episodes are those of the whole windows. One left join and no union
-- of those with and those without: read twice, 1.7 million rows of fifty columns would be written out to be read again.
windows as (
    select
        whole.* exclude (
            months_left_out,
            {%- for side in ['pre', 'post'] %}{% for name in paired_aggregates() %}
            {{ side }}_{{ name }},
            {%- endfor %}{% endfor %}
            earlier_n_values,
            trend_n_values
        ),
        case when paired.series_id is null then whole.months_left_out else paired.months_left_out end as months_left_out,
        {%- for side in ['pre', 'post'] %}{% for name in paired_aggregates() %}
        case when paired.series_id is null then whole.{{ side }}_{{ name }} else paired.{{ side }}_{{ name }} end as {{ side }}_{{ name }},
        {%- endfor %}{% endfor %}
        case when paired.series_id is null then whole.earlier_n_values else 0 end as earlier_n_values,
        case when paired.series_id is null then whole.trend_n_values else 0 end as trend_n_values
    from whole
    left join {{ ref('int_paired_window') }} as paired
        on {{ same_comparison('whole', 'paired') }}
)
{%- endmacro %}
