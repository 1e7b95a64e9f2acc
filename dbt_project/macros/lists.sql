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
