{# Items of a text column separated by ';', trimmed; an empty or null text is an empty list, never null. #}
{% macro split_list(column) -%}
    list_filter(list_transform(string_split(coalesce(cast({{ column }} as varchar), ''), ';'), lambda x: trim(x)), lambda x: x <> '')
{%- endmacro %}

{# An aggregate: the values of a group as a list, in order. #}
{% macro sorted_list(expression) -%}
    list({{ expression }} order by {{ expression }})
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
