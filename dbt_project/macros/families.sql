{#
    False discovery rates within a family of comparisons.
    Belongs here: the two step-up procedures. Does not belong here: what a family is (seeds/comparison).

    Benjamini and Hochberg (1995) holds where the comparisons are independent or move together; Benjamini and Yekutieli
    (2001) always, at the price of the factor 1 + 1/2 + ... + 1/m. Of m comparisons the k-th smallest p gives p m / k, and
    each q is the smallest of its own and all larger ones. What has no p is no member.
#}

{#
    Each `p` of each `family` (columns) with family_size, q_bh and q_by.

    members: one row for each p of a family, with `n_members`, how many comparisons of the family have it. Equal p have equal rates, so
    that a report joins some ten thousand of these rows by family and p, where rates of its comparisons would be as many as its rows:
    the join of 910,000 wide rows with them took 3.5 GB, or the disk.
#}
{% macro false_discovery_rates(members, family, p) -%}
    select
        {{ family | join(', ') }},
        {{ p }},
        family_size,
        least(1, min({{ p }} * family_size / place) over from_the_largest) as q_bh,
        least(1, min({{ p }} * family_size * harmonic / place) over from_the_largest) as q_by
    from (
        select
            members.*,
            families.family_size,
            families.harmonic,
            sum(members.n_members) over (
                partition by {% for column in family %}members.{{ column }}{{ ', ' if not loop.last }}{% endfor %} order by members.{{ p }}
            ) as place
        from {{ members }} as members
        inner join (
            select
                {{ family | join(', ') }},
                cast(sum(n_members) as integer) as family_size,
                list_sum([1.0 / place for place in range(1, cast(sum(n_members) as bigint) + 1)]) as harmonic
            from {{ members }}
            group by {{ family | join(', ') }}
        ) as families
            on {% for column in family %}members.{{ column }} = families.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    ) as placed
    window from_the_largest as (
        partition by {{ family | join(', ') }} order by {{ p }} desc
        rows between unbounded preceding and current row
    )
{%- endmacro %}

{# Comparisons of a family that would have to be at the smallest rank for one of them to reach q = .05; a lone finding rarely does. #}
{% macro bh_min_hits(floor_column, family_size) -%}
    cast(ceil(round({{ floor_column }} * {{ family_size }} / {{ false_alarm_target() }}, 9)) as integer)
{%- endmacro %}
