{# The months around an event, shared by the reports and the public table macro. #}

{# Months shown on each side of a cut in the report. #}
{% macro event_window_months() %}{{ return(24) }}{% endmacro %}

{# Months before the cut whose mean is the 100 of the index. #}
{% macro index_base_months() %}{{ return(12) }}{% endmacro %}

{# Logarithm and growth over a year of a month, from the columns log_allowed, value and value_year_before. #}
{% macro log_of_month() -%}
    case when log_allowed and value > 0 then ln(value) end
{%- endmacro %}
{% macro growth_of_month() -%}
    case when log_allowed and value > 0 and value_year_before > 0 then 100 * (value / value_year_before - 1) end
{%- endmacro %}

{# What is 100 in the index: the mean of the base months, all of which must have a positive value; else null. #}
{% macro index_base(log_allowed, n_values, lowest, mean) -%}
    case when {{ log_allowed }} and {{ n_values }} = {{ index_base_months() }} and {{ lowest }} > 0 then {{ mean }} end
{%- endmacro %}

{# A value as an index. #}
{% macro index_of(value, base) -%}
    100 * {{ value }} / {{ base }}
{%- endmacro %}

{#
    `relation` (cut_month, month_offset, series_id, value, value_year_before, log_allowed and more) with log, growth
    and index. Month 0 is the cut: the first whole month after the event. The index is 100 in the mean of the
    months before it (index_base_months), all of which must have a value.
#}
{% macro event_window_statistics(relation) -%}
    select
        *,
        {{ log_of_month() }} as log_value,
        {{ growth_of_month() }} as yoy_pct,
        {{ index_of('value', '(' ~ index_base('log_allowed', 'n_base', 'lowest_base', 'base_mean') ~ ')') }} as index_100
    from (
        select
            *,
            count(case when month_offset between -{{ index_base_months() }} and -1 then value end) over of_cut as n_base,
            min(case when month_offset between -{{ index_base_months() }} and -1 then value end) over of_cut as lowest_base,
            avg(case when month_offset between -{{ index_base_months() }} and -1 then value end) over of_cut as base_mean
        from {{ relation }}
        window of_cut as (partition by cut_month, series_id)
    ) as based
{%- endmacro %}
