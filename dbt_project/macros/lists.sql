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
