{# Settings of the regressions over time (transforms/statistics/interrupted.py has those that belong to the method). #}

{# Months before a measure takes effect that are left out: orders are brought forward once it is announced. #}
{% macro anticipation_months() %}{{ return(3) }}{% endmacro %}

{# A false-alarm rate of a series of its own takes so many dates without an event. With fewer, the rate of all series stands in. #}
{% macro min_pseudo_events() %}{{ return(36) }}{% endmacro %}
