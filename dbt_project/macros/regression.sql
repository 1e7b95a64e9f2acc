{# Settings of the regressions over time (transforms/statistics/interrupted.py has those that belong to the method). #}

{# Months before a measure takes effect that are left out: orders are brought forward once it is announced. #}
{% macro anticipation_months() %}{{ return(3) }}{% endmacro %}

{# Clean dates that a false-alarm rate of a series takes; with fewer that of all series together stands in. #}
{% macro min_pseudo_events() %}{{ return(36) }}{% endmacro %}
