{# What the panels take for granted. Belongs here: constants of their models. #}

{# HS chapter of the freight that counts as automotive: vehicles and their parts. Engines are of 84, with all other machinery. #}
{% macro automotive_chapter() %}{{ return("'87'") }}{% endmacro %}

{# Measure and industry of the jobs by state: manufacturing, seasonally adjusted. #}
{% macro is_state_manufacturing(series) -%}
    ({{ series }}.measure = 'state_employment' and {{ series }}.industry_code = '31-33' and {{ series }}.seasonal_adjustment = 'SA')
{%- endmacro %}

{# Partners from which on a panel is published as it is (fct_panel): fewer leave no one to compare with in a product and month. #}
{% macro ready_panel_partners() %}{{ return(30) }}{% endmacro %}

{# Members of the EU among the partners of the panels. In the lists of measures DEU stands for the EU. #}
{% macro is_eu_member(partner) -%}
    ({{ partner }} in ('AUT', 'BEL', 'DEU', 'ESP', 'FRA', 'IRL', 'ITA', 'NLD', 'SWE'))
{%- endmacro %}
