{# How appended rows become vintages. Every model that keeps vintages uses these macros. #}

{# Stands in for the empty known_to of a value that is still known, so that intervals can be compared. #}
{% macro still_known() %}{{ return("timestamp '9999-12-31'") }}{% endmacro %}

{#
    Rows of `relation` with `known_to` and `revision_number` (0 = first known), one row each time what was known changed.

    keys:   columns of the grain without time of knowledge
    values: columns that make a vintage; status is one of them, so that a preliminary value confirmed unchanged shows

    The store is append-only: an older vintage that arrives late is filed in its place and can leave a later row
    that repeats it, so equal neighbours are collapsed here. Two loads with one known_from: the last load wins.
    Everything else of the row (payload_id, known_from_basis) is that of the vintage which showed the value first.
#}
{% macro collapse_vintages(relation, keys, values) -%}
    {%- set by_key = 'partition by ' ~ keys | join(', ') ~ ' order by known_from' -%}
    {%- set of_repeated %}(select * from {{ relation }} semi join repeated using ({{ keys | join(', ') }})) as stated{% endset -%}
    -- Most cells are stated once and never revised. Window functions over those as well took 2.5 times as long (390,000 rows).
    with repeated as (
        select {{ keys | join(', ') }}
        from {{ relation }}
        group by {{ keys | join(', ') }}
        having count(*) > 1
    )

    select
        *,
        cast(null as timestamp) as known_to,
        cast(0 as integer) as revision_number
    from {{ relation }}
    anti join repeated using ({{ keys | join(', ') }})

    union all

    select
        * exclude (is_change),
        lead(known_from) over ({{ by_key }}) as known_to,
        cast(row_number() over ({{ by_key }}) - 1 as integer) as revision_number
    from (
        select
            *,
            row_number() over ({{ by_key }}) = 1
                {%- for column in values %}
                or {{ column }} is distinct from lag({{ column }}) over ({{ by_key }})
                {%- endfor %} as is_change
        from ({{ latest(of_repeated, keys + ['known_from'], 'load_id') }}) as last_load
    ) as compared
    where is_change
{%- endmacro %}

{#
    The row with the greatest `order_by` of each `keys`. Whole rows, so a null is as good a latest value as a number:
    max_by/arg_max of one column skips nulls and would bring back what was withdrawn.
#}
{% macro latest(relation, keys, order_by) -%}
    select *
    from {{ relation }}
    qualify row_number() over (partition by {{ keys | join(', ') }} order by {{ order_by }} desc) = 1
{%- endmacro %}
