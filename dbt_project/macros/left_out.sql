{#
    Months that a comparison leaves out: the event's own month, and months without a value.
    Belongs here: which months those are, and how many may be missing. Does not belong here: the windows and their statistics
    (before_after.sql), which months have a value (the models and public_macros/ say that).
#}

{#
    The gap that leaves out an event's own month and nothing else. An event inside a month cuts at the next one, so that its own month,
    part of which came after the event, would be the last before the cut. An event on the first day of a month has no such month.
#}
{% macro own_month_gap() %}{{ return(1) }}{% endmacro %}

{# Whether the month of `day` is partly before and partly after it. #}
{% macro falls_inside_month(day) -%}
    extract(day from {{ day }}) > 1
{%- endmacro %}

{# The gap of an event, or of a bare date, unless a person asks for another. #}
{% macro default_gap(day) -%}
    case when {{ falls_inside_month(day) }} then {{ own_month_gap() }} else 0 end
{%- endmacro %}

{# Whether the reports have a gap for an event with this default: 0, 3 and 6 for all events, 1 for those whose own month it leaves out. #}
{% macro gap_is_reported(gap_months, default_gap_months) -%}
    ({{ gap_months }} <> {{ own_month_gap() }} or {{ default_gap_months }} = {{ own_month_gap() }})
{%- endmacro %}

{#
    How many of the `months` of a window must have a value: five sixths, rounded up, which is 5 of 6, 10 of 12 and 20 of 24. A comparison of fewer
    is refused.
#}
{% macro least_months(months) -%}
    cast(ceil({{ months }} * 5 / 6.0) as integer)
{%- endmacro %}

{#
    The place, counted from 0 in the window before, of the month that the one at `place` of the window after is paired with: the same
    calendar month. Widths that are not whole years are paired month by month. In whole years the window before begins `gap_months`
    calendar months earlier, and the first January before is paired with the first January after, the second with the second.
#}
{% macro place_before(place, is_paired, gap_months) -%}
    (case when {{ is_paired }} then {{ place }} else {{ place }} - {{ place }} % 12 + ({{ place }} + {{ gap_months }}) % 12 end)
{%- endmacro %}

{# Names of the columns of a window that change where months are left out of it. #}
{% macro paired_aggregates() %}{{ return(['n_months'] + (window_aggregates() | list)) }}{% endmacro %}

{# Whether two relations speak of the same comparison at a cut. #}
{% macro same_comparison(first, second) -%}
    {%- for key in ['series_id', 'as_of_basis', 'window_months', 'gap_months', 'cut_month'] -%}
    {{ first }}.{{ key }} = {{ second }}.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# A month as text, YYYY-MM. #}
{% macro month_text(month_start) -%}
    left(cast({{ month_start }} as varchar), 7)
{%- endmacro %}
