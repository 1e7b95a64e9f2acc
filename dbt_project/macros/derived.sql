{# What a figure made of several others is worth: the order of the statuses, from the best to the worst. #}

{#
    A figure made of several has the worst of their statuses, so each status has a rank: its place in this list, from 0.
    Where no publisher sent a number (missing), sent one that may not be shown (suppressed) or took it back (withdrawn),
    there is nothing to compute with.
#}
{% macro statuses_from_best_to_worst() %}
    {{ return(['normal', 'revised', 'estimated', 'preliminary', 'missing', 'suppressed', 'withdrawn']) }}
{% endmacro %}

{# The rank of a status that is written out in a model, as a number: {{ rank_of('withdrawn') }}. #}
{% macro rank_of(status) -%}
    {{ return(statuses_from_best_to_worst().index(status)) }}
{%- endmacro %}

{# True for ranks of statuses that come with a number. #}
{% macro has_number(rank) -%}
    ({{ rank }} < {{ rank_of('missing') }})
{%- endmacro %}

{# The rank of a column of statuses. #}
{% macro status_rank(status) -%}
    case {{ status }}
        {%- for name in statuses_from_best_to_worst()[1:] | reverse %}
        when '{{ name }}' then {{ rank_of(name) }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}

{# The status of a column of ranks. #}
{% macro status_of_rank(rank) -%}
    case {{ rank }}
        {%- for name in statuses_from_best_to_worst()[1:] | reverse %}
        when {{ rank_of(name) }} then '{{ name }}'
        {%- endfor %}
        else 'normal'
    end
{%- endmacro %}
