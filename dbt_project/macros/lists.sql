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

{# The item of a list at a place, counted from 1. #}
{% macro list_item(items, place) -%}
    {{ items }}[{{ place }}]
{%- endmacro %}
