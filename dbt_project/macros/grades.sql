{# Who handed a figure on: agency, copy or press. Does not belong here: when it was known (vintages.sql). #}

{#
    Grade of what came in a payload (alias of stg_payload). Bundled figures are public copies of what an agency published, those
    of a file named `..._press` are what newspapers quoted of it; a user's own file is a copy, too. Everything else is an answer
    of the agency itself.
#}
{% macro grade(payload) -%}
    case
        when {{ payload }}.source_id = 'figures' and right({{ payload }}.dataset, 6) = '_press' then 'press'
        when {{ payload }}.source_id = 'figures' or {{ payload }}.source_id like 'user%' then 'copy'
        else 'agency'
    end
{%- endmacro %}

{# An aggregate: the weakest of the grades of a group; null of no rows. #}
{% macro weakest_grade(grade) -%}
    case
        when max(case when {{ grade }} = 'press' then 1 end) = 1 then 'press'
        when max(case when {{ grade }} = 'copy' then 1 end) = 1 then 'copy'
        when count({{ grade }}) > 0 then 'agency'
    end
{%- endmacro %}

{# True unless the figure is one that the press quoted: those are no first releases and calibrate nothing. #}
{% macro is_not_press(relation) -%}
    {{ relation }}.grade is distinct from 'press'
{%- endmacro %}
