{# Fails with each row that has a null in one of `columns`, and names the column. One test a table instead of one a
   column: a test costs about 60 ms of every build, whatever it reads. #}
{% test no_nulls(model, columns) %}
    {% for column in columns %}
    select '{{ column }}' as null_column from {{ model }} where {{ column }} is null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{% endtest %}
