{# The rule by which a timeline event cuts a monthly series in two: one place for the models and the public macros. #}

{#
    The day an event counts from: the day it took effect for what takes effect, else the day it happened.
    A column of the event relation each: event_type, effective_on, event_date.
#}
{% macro event_anchor_date() -%}
    (case when {{ event_took_effect() }} then effective_on else event_date end)
{%- endmacro %}

{% macro event_took_effect() -%}
    (event_type in ('tariff_effective', 'entry_into_force', 'exemption', 'retaliation') and effective_on is not null)
{%- endmacro %}

{# Shown everywhere, compared only when it happened, is sourced and is dated at least to the month. #}
{% macro event_in_report() -%}
    (confidence <> 'low' and in_force and date_precision in ('day', 'month'))
{%- endmacro %}
