{# Items of a text column separated by ';', trimmed; an empty or null text is an empty list, never null. #}
{% macro split_list(column) -%}
    {{ return(adapter.dispatch('split_list', 'headway')(column)) }}
{%- endmacro %}

{% macro default__split_list(column) -%}
    filter(transform(split(coalesce({{ column }}, ''), ';'), x -> trim(x)), x -> x <> '')
{%- endmacro %}

{% macro duckdb__split_list(column) -%}
    list_filter(list_transform(string_split(coalesce(cast({{ column }} as varchar), ''), ';'), lambda x: trim(x)), lambda x: x <> '')
{%- endmacro %}

{# An aggregate: the values of a group as a list, in order. #}
{% macro sorted_list(expression) -%}
    {{ return(adapter.dispatch('sorted_list', 'headway')(expression)) }}
{%- endmacro %}

{% macro default__sorted_list(expression) -%}
    sort_array(collect_list({{ expression }}))
{%- endmacro %}

{% macro duckdb__sorted_list(expression) -%}
    list({{ expression }} order by {{ expression }})
{%- endmacro %}

{# An aggregate: the values of a group as a list, in the order of another expression; nulls stay, so that lists line up. #}
{% macro ordered_list(expression, order_by) -%}
    {{ return(adapter.dispatch('ordered_list', 'headway')(expression, order_by)) }}
{%- endmacro %}

{% macro default__ordered_list(expression, order_by) -%}
    transform(sort_array(collect_list(struct({{ order_by }} as k, {{ expression }} as v))), x -> x.v)
{%- endmacro %}

{% macro duckdb__ordered_list(expression, order_by) -%}
    list({{ expression }} order by {{ order_by }})
{%- endmacro %}

{# A list of text with nothing in it. #}
{% macro empty_list() -%}
    {{ return(adapter.dispatch('empty_list', 'headway')()) }}
{%- endmacro %}

{% macro default__empty_list() -%}
    cast(array() as array<string>)
{%- endmacro %}

{% macro duckdb__empty_list() -%}
    cast([] as varchar[])
{%- endmacro %}

{# In a select list: one row for each item of a list; a row with an empty list disappears. #}
{% macro each_item(list) -%}
    {{ return(adapter.dispatch('each_item', 'headway')(list)) }}
{%- endmacro %}

{% macro default__each_item(list) -%}
    explode({{ list }})
{%- endmacro %}

{% macro duckdb__each_item(list) -%}
    unnest({{ list }})
{%- endmacro %}

{# An aggregate: the values of a group as a list, ordered by something else. #}
{% macro list_in_order(expression, order_by) -%}
    {{ return(adapter.dispatch('list_in_order', 'headway')(expression, order_by)) }}
{%- endmacro %}

{% macro default__list_in_order(expression, order_by) -%}
    transform(sort_array(collect_list(struct({{ order_by }} as k, {{ expression }} as v))), x -> x.v)
{%- endmacro %}

{% macro duckdb__list_in_order(expression, order_by) -%}
    list({{ expression }} order by {{ order_by }})
{%- endmacro %}

{# A list of `size` items less those between its first `n_head` and its last `n_tail`. #}
{% macro list_ends(items, size, n_head, n_tail) -%}
    {{ return(adapter.dispatch('list_ends', 'headway')(items, size, n_head, n_tail)) }}
{%- endmacro %}

{% macro default__list_ends(items, size, n_head, n_tail) -%}
    concat(slice({{ items }}, 1, {{ n_head }}), slice({{ items }}, {{ size }} - {{ n_tail }} + 1, {{ n_tail }}))
{%- endmacro %}

{% macro duckdb__list_ends(items, size, n_head, n_tail) -%}
    list_concat({{ items }}[1:{{ n_head }}], {{ items }}[{{ size }} - {{ n_tail }} + 1:{{ size }}])
{%- endmacro %}

{# The median of the numbers of a list. #}
{% macro list_median(items) -%}
    {{ return(adapter.dispatch('list_median', 'headway')(items)) }}
{%- endmacro %}

{% macro default__list_median(items) -%}
    (select percentile(x, 0.5) from (select explode({{ items }}) as x))
{%- endmacro %}

{% macro duckdb__list_median(items) -%}
    list_median({{ items }})
{%- endmacro %}

{# The values below which shares of the distances |number - middle| of a list lie, interpolated linearly: a list. #}
{% macro list_distance_quantiles(items, middle, shares) -%}
    {{ return(adapter.dispatch('list_distance_quantiles', 'headway')(items, middle, shares)) }}
{%- endmacro %}

{% macro default__list_distance_quantiles(items, middle, shares) -%}
    (select percentile(abs(x - {{ middle }}), array({{ shares | join(', ') }})) from (select explode({{ items }}) as x))
{%- endmacro %}

{% macro duckdb__list_distance_quantiles(items, middle, shares) -%}
    list_aggregate(list_transform({{ items }}, lambda x: abs(x - {{ middle }})), 'quantile_cont', {{ shares }})
{%- endmacro %}

{# How many numbers of a list are at least `distance` from `middle`. #}
{% macro list_count_far(items, middle, distance) -%}
    {{ return(adapter.dispatch('list_count_far', 'headway')(items, middle, distance)) }}
{%- endmacro %}

{% macro default__list_count_far(items, middle, distance) -%}
    size(filter({{ items }}, x -> abs(x - {{ middle }}) >= {{ distance }}))
{%- endmacro %}

{% macro duckdb__list_count_far(items, middle, distance) -%}
    len(list_filter({{ items }}, lambda x: abs(x - {{ middle }}) >= {{ distance }}))
{%- endmacro %}

{# The item of a list at a place, counted from 1. #}
{% macro list_item(items, place) -%}
    {{ return(adapter.dispatch('list_item', 'headway')(items, place)) }}
{%- endmacro %}

{% macro default__list_item(items, place) -%}
    element_at({{ items }}, {{ place }})
{%- endmacro %}

{% macro duckdb__list_item(items, place) -%}
    {{ items }}[{{ place }}]
{%- endmacro %}
