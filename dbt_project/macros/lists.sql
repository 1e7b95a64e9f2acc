{# Items of a text column separated by ';', trimmed; an empty or null text is an empty list, never null. #}
{% macro split_list(column) -%}
    list_filter(list_transform(string_split(coalesce(cast({{ column }} as varchar), ''), ';'), lambda x: trim(x)), lambda x: x <> '')
{%- endmacro %}

{# An aggregate: the values of a group as a list, in order. #}
{% macro sorted_list(expression) -%}
    list({{ expression }} order by {{ expression }})
{%- endmacro %}

{# An aggregate: the values for which `condition` holds as a list, in order; empty, never null, where there is none. #}
{% macro sorted_list_where(expression, condition) -%}
    coalesce(list({{ expression }} order by {{ expression }}) filter (where {{ condition }}), {{ empty_list() }})
{%- endmacro %}

{# Two lists without a common item as one, in order. #}
{% macro merged_list(first, second) -%}
    list_sort(list_concat({{ first }}, {{ second }}))
{%- endmacro %}

{# How many items a list has. #}
{% macro list_length(items) -%}
    len({{ items }})
{%- endmacro %}

{# An aggregate: the values of a group as a list, in the order of another expression; nulls stay, so that lists line up. #}
{% macro ordered_list(expression, order_by) -%}
    list({{ expression }} order by {{ order_by }})
{%- endmacro %}

{# A list of text with nothing in it. #}
{% macro empty_list() -%}
    cast([] as varchar[])
{%- endmacro %}

{# In a select list: one row for each item of a list; a row with an empty list disappears. #}
{% macro each_item(list) -%}
    unnest({{ list }})
{%- endmacro %}

{# A list of `size` items less those between its first `n_head` and its last `n_tail`. #}
{% macro list_ends(items, size, n_head, n_tail) -%}
    list_concat({{ items }}[1:{{ n_head }}], {{ items }}[{{ size }} - {{ n_tail }} + 1:{{ size }}])
{%- endmacro %}

{# The median of the numbers of a list. #}
{% macro list_median(items) -%}
    list_median({{ items }})
{%- endmacro %}

{# The values below which shares of the distances |number - middle| of a list lie, interpolated linearly: a list. #}
{% macro list_distance_quantiles(items, middle, shares) -%}
    list_aggregate(list_transform({{ items }}, lambda x: abs(x - {{ middle }})), 'quantile_cont', {{ shares }})
{%- endmacro %}

{# How many numbers of a list are at least `distance` from `middle`. #}
{% macro list_count_far(items, middle, distance) -%}
    len(list_filter({{ items }}, lambda x: abs(x - {{ middle }}) >= {{ distance }}))
{%- endmacro %}

{# The item of a list at a place, counted from 1. #}
{% macro list_item(items, place) -%}
    {{ items }}[{{ place }}]
{%- endmacro %}

{# The `how_many` largest of the distances |number - middle| of a list, largest first: a list. #}
{% macro list_far_distances(items, middle, how_many) -%}
    list_aggregate(list_transform({{ items }}, lambda x: abs(x - {{ middle }})), 'max', {{ how_many }})
{%- endmacro %}
