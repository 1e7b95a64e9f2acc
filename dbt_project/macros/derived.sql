{# What a figure made of several others is worth: the rules of status, and the arithmetic of each method. #}

{# How much a status takes away; the figure made of several has the greatest of theirs. 4 and more: no number. #}
{% macro status_rank(status) -%}
    case {{ status }}
        when 'withdrawn' then 6
        when 'suppressed' then 5
        when 'missing' then 4
        when 'preliminary' then 3
        when 'estimated' then 2
        when 'revised' then 1
        else 0
    end
{%- endmacro %}

{% macro status_of_rank(rank) -%}
    case {{ rank }}
        when 6 then 'withdrawn'
        when 5 then 'suppressed'
        when 4 then 'missing'
        when 3 then 'preliminary'
        when 2 then 'estimated'
        when 1 then 'revised'
        else 'normal'
    end
{%- endmacro %}
