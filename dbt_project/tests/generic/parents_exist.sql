{# Like `relationships`, for a key of several columns: fails with rows whose `columns` are not in `fields` of `to`. #}
{% test parents_exist(model, columns, to, fields) %}
    select distinct {% for c in columns %}child.{{ c }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ model }} as child
    left join {{ to }} as parent
        on {% for c in columns %}child.{{ c }} = parent.{{ fields[loop.index0] }}{{ ' and ' if not loop.last }}{% endfor %}
    where parent.{{ fields[0] }} is null
        and {% for c in columns %}child.{{ c }} is not null{{ ' and ' if not loop.last }}{% endfor %}
{% endtest %}
