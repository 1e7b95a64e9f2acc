{#
    Fails with each combination of `columns` that occurs more than once: the grain of the table is broken.

    Whether one does is first asked of a number made from them, which takes half the time of grouping 2 million rows by five texts; rows whose
    number occurs once are no two equal ones.
#}
{% test unique_combination(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as rows_found
    from {{ model }}
    where hash({{ columns | join(', ') }}) in (
        select hash({{ columns | join(', ') }}) as combination
        from {{ model }}
        group by combination
        having count(*) > 1
    )
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
