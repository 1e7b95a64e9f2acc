{# What the panels take for granted. Belongs here: constants of their models. #}

{# HS chapter of the freight that counts as automotive: vehicles and their parts. Engines are of 84, with all other machinery. #}
{% macro automotive_chapter() %}{{ return("'87'") }}{% endmacro %}

{# Measure and industry of the jobs by state: manufacturing, seasonally adjusted. #}
{% macro is_state_manufacturing(series) -%}
    ({{ series }}.measure = 'state_employment' and {{ series }}.industry_code = '31-33' and {{ series }}.seasonal_adjustment = 'SA')
{%- endmacro %}
