{# Fails with each item of a list column that is not in `field` of `to`. #}
{% test list_items_in(model, column_name, to, field) %}
    with items as (
        select distinct unnest({{ column_name }}) as item
        from {{ model }}
    )

    select items.item
    from items
    left join {{ to }} as allowed on items.item = allowed.{{ field }}
    where allowed.{{ field }} is null
{% endtest %}
