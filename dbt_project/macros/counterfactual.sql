{#
    Forecasts beside what came, on the scale of the series.
    Belongs here: what the two reports of forecasts share. Does not belong here: the models (transforms/statistics).
#}

{# Back from the scale of the model to the unit of the series: of logarithms the exponential, which is the median. #}
{% macro in_own_unit(expression, scale='scale') -%}
    (case when {{ scale }} = 'log' then exp({{ expression }}) else {{ expression }} end)
{%- endmacro %}

{#
    `expression` to so many significant digits. A forecast is not known to the sixteenth: eight of them take half the
    room in the released file, and twelve bring back a figure that went through a logarithm.
#}
{% macro significant(expression, digits=8) -%}
    (case
        when {{ expression }} = 0 then 0
        else round({{ expression }}, cast({{ digits - 1 }} - floor(log10(abs({{ expression }}))) as integer))
    end)
{%- endmacro %}

{# Why an interval is not calibrated where there is a forecast. #}
{% macro reason_not_calibrated() -%}
    'fewer than {{ min_placebo_cuts() }} dates without an event, or than {{ min_placebo_blocks() }} blocks of {{ placebo_block() }} months that hold one'
{%- endmacro %}
