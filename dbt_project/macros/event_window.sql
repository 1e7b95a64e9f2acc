{# The months around an event, shared by the report and the public table macro. #}

{# Months shown on each side of a cut in the report. #}
{% macro event_window_months() %}{{ return(24) }}{% endmacro %}

{# Months before the cut whose mean is the 100 of the index. #}
{% macro index_base_months() %}{{ return(12) }}{% endmacro %}

{#
    `relation` (cut_month, month_offset, series_id, value, value_year_before, log_allowed and more) with log, growth
    and index. Month 0 is the cut: the first whole month after the event. The index is 100 in the mean of the
    months before it (index_base_months), all of which must have a value.
#}
{% macro event_window_statistics(relation) -%}
    select
        *,
        case when log_allowed and value > 0 then ln(value) end as log_value,
        case when log_allowed and value > 0 and value_year_before > 0 then 100 * (value / value_year_before - 1) end as yoy_pct,
        case when log_allowed and n_base = {{ index_base_months() }} and lowest_base > 0 then 100 * value / base_mean end as index_100
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
