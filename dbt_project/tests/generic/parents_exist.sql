{# Like `relationships`, for a key of several columns: fails with each key of `columns` that is not in `fields` of `to`. #}
{% test parents_exist(model, columns, to, fields) %}
    with child as (
        select distinct {{ columns | join(', ') }}
        from {{ model }}
        where {% for column in columns %}{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
    )

    select child.*
    from child
    left join {{ to }} as parent
        on {% for column in columns %}child.{{ column }} = parent.{{ fields[loop.index0] }}{{ ' and ' if not loop.last }}{% endfor %}
    where parent.{{ fields[0] }} is null
{% endtest %}
