{# Fails with each combination of `columns` that occurs more than once or has a null in it. One test and not two: each is a job of a cluster,
   which costs a second whatever it reads. #}
{% test grain(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as rows_found
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
        {%- for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}
