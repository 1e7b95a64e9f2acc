-- One row compares two windows of which one lacks a month or a few, by the months there are. A month without a value is left out on its side, and
-- the same calendar month on the other side, so that both hold the same mix of the year: without October on one side alone, the difference would
-- hold what October usually differs from the other months by. Five sixths of the months must be left (least_months). Months whose first
-- release is not held, because the oldest copy is younger, are no missing months: such windows are withheld as before.
{{ config(meta={'by_series': ['int_window_statistics', 'int_basis_month']}) }}
with grid as (
    {{ report_grid() | indent(4) }}
),

statistics as (
    select * from {{ ref('int_window_statistics') }}
    where n_copied = 0
),

short as (
    select
        post.series_id,
        post.as_of_basis,
        grid.window_months,
        grid.gap_months,
        grid.lag_months,
        post.month_index,
        post.window_start as cut_month
    from grid
    inner join statistics as post
        on grid.window_months = post.window_months
    inner join statistics as pre
        on post.series_id = pre.series_id
        and post.as_of_basis = pre.as_of_basis
        and post.window_months = pre.window_months
        and post.month_index - grid.lag_months = pre.month_index
    where post.n_months = grid.window_months
        and (post.n_values < grid.window_months or pre.n_values < grid.window_months)
        and post.n_values >= {{ least_months('grid.window_months') }}
        and pre.n_values >= {{ least_months('grid.window_months') }}
),

places as (
    select
        *,
        month_index + place as post_index,
        month_index - lag_months + {{ place_before('place', 'window_months % 12 <> 0', 'gap_months') }} as pre_index
    from (
        select
            *,
            cast(unnest(generate_series(0, window_months - 1)) as integer) as place
        from short
    ) as each_place
),

-- a hole was known as one when the first later month was
months as (
    select
        *,
        min(known_from) over (
            partition by series_id, as_of_basis order by month_index rows between 1 following and unbounded following
        ) as later_known_from
    from {{ ref('int_basis_month') }}
    where series_id in (select series_id from short)
),

pairs as (
    select
        places.series_id,
        places.as_of_basis,
        places.window_months,
        places.gap_months,
        places.lag_months,
        places.cut_month,
        {%- for side, alias in [('pre', 'sooner'), ('post', 'later')] %}
        {{ alias }}.period_start as {{ side }}_month,
        {{ alias }}.value as {{ side }}_value,
        {{ alias }}.log_value as {{ side }}_log_value,
        {{ alias }}.month_index as {{ side }}_month_index,
        {{ alias }}.status as {{ side }}_status,
        {{ alias }}.known_from as {{ side }}_known_from,
        {%- endfor %}
        greatest(
            case when sooner.value is null then sooner.later_known_from end,
            case when later.value is null then later.later_known_from end
        ) as hole_known_from,
        sooner.value is not null and later.value is not null as is_kept
    from places
    inner join months as later
        on places.series_id = later.series_id
        and places.as_of_basis = later.as_of_basis
        and places.post_index = later.month_index
    inner join months as sooner
        on places.series_id = sooner.series_id
        and places.as_of_basis = sooner.as_of_basis
        and places.pre_index = sooner.month_index
),

left_out as (
    select
        series_id,
        as_of_basis,
        window_months,
        gap_months,
        lag_months,
        cut_month,
        count(case when is_kept then 1 end) as n_pairs,
        max(hole_known_from) as hole_known_from,
        list_sort(flatten(list([{{ month_text('pre_month') }}, {{ month_text('post_month') }}]) filter (where not is_kept))) as months_left_out
    from pairs
    group by series_id, as_of_basis, window_months, gap_months, lag_months, cut_month
),

sides as (
    {%- for side in ['pre', 'post'] %}
    select
        series_id,
        as_of_basis,
        window_months,
        gap_months,
        cut_month,
        '{{ side }}' as side,
        {{ side }}_value as value,
        {{ side }}_log_value as log_value,
        {{ side }}_month_index as month_index,
        {{ side }}_status as status,
        {{ side }}_known_from as known_from
    from pairs
    where is_kept
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

kept as (
    select
        series_id,
        as_of_basis,
        window_months,
        gap_months,
        cut_month,
        side,
        count(*) as n_months,
        {{ window_statistics() | indent(8) }}
    from sides
    group by series_id, as_of_basis, window_months, gap_months, cut_month, side
)

select
    left_out.series_id,
    left_out.as_of_basis,
    left_out.window_months,
    left_out.gap_months,
    left_out.lag_months,
    left_out.cut_month,
    left_out.months_left_out,
    {%- for side in ['pre', 'post'] %}
    {{ side }}.n_months as {{ side }}_n_months,
    {%- for name in window_aggregates() %}
    {%- if name == 'newest_known_from' %}
    greatest({{ side }}.newest_known_from, left_out.hole_known_from) as {{ side }}_newest_known_from{{ ',' if side == 'pre' }}
    {%- else %}
    {{ side }}.{{ name }} as {{ side }}_{{ name }},
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
from left_out
{%- for side in ['pre', 'post'] %}
inner join kept as {{ side }}
    on {{ side }}.side = '{{ side }}'
    {%- for key in ['series_id', 'as_of_basis', 'window_months', 'gap_months', 'cut_month'] %}
    and left_out.{{ key }} = {{ side }}.{{ key }}
    {%- endfor %}
{%- endfor %}
where left_out.n_pairs >= {{ least_months('left_out.window_months') }}
order by left_out.series_id, left_out.as_of_basis, left_out.window_months, left_out.gap_months, left_out.cut_month
