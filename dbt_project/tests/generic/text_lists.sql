{# Fails with each text list (';' between the items) that has an empty or repeated item or blanks around ';', as counts by item would be
   wrong, and with each item that is not in its closed list: the row would be missed by every filter on it, and a relationships
   test looks at the whole text only. An empty list is none of these.

   lists: each with its `column`; where its items have one, the `closed_list`, whose items are the column of this name in
          seed_<closed_list>; where only some of them may stand here, the `kinds` of these; or all of them in `one_of`. #}
{% test text_lists(model, lists) %}
    {% for each in lists %}
    select '{{ each.column }}' as list_name, {{ each.column }} as list_text, 'not well formed' as problem
    from {{ model }}
    where {{ each.column }} <> array_to_string({{ split_list(each.column) }}, ';')
        or len({{ split_list(each.column) }}) <> len(list_distinct({{ split_list(each.column) }}))
    {% if each.closed_list or each.one_of %}
    union all
    select '{{ each.column }}', item, 'not in its closed list'
    from (select unnest({{ split_list(each.column) }}) as item from {{ model }}) as items
    where item not in (
        {% if each.closed_list %}
        select {{ each.closed_list }} from {{ ref('seed_' ~ each.closed_list) }}
        {% if each.kinds %}where kind in ('{{ each.kinds | join("', '") }}'){% endif %}
        {% else %}
        '{{ each.one_of | join("', '") }}'
        {% endif %}
    )
    {% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{% endtest %}
