{#
    False discovery rates within a family of comparisons.
    Belongs here: the two step-up procedures. Does not belong here: what a family is (seeds/comparison).

    Benjamini and Hochberg (1995) holds where the comparisons are independent or move together; Benjamini and Yekutieli
    (2001) always, at the price of the factor 1 + 1/2 + ... + 1/m. Of m comparisons the k-th smallest p gives p m / k, and
    each q is the smallest of its own and all larger ones. What has no p is no member.
#}

{#
    Comparisons with q_bh and q_by: the columns `keys`, which identify a row of `members`, and the two rates within `family` (columns).
    members: rows with a `p`, nothing but keys, family and p, because windows over wide rows cost five times as much.
#}
{% macro false_discovery_rates(members, keys, family, p) -%}
    select
        {{ keys | join(', ') }},
        least(1, min({{ p }} * family_size / place) over from_the_largest) as q_bh,
        least(1, min({{ p }} * family_size * harmonic / place) over from_the_largest) as q_by
    from (
        select
            *,
            count(*) over of_family as family_size,
            sum(1.0 / place) over of_family as harmonic
        from (
            select
                *,
                row_number() over (partition by {{ family | join(', ') }} order by {{ p }}) as place
            from {{ members }}
        ) as placed
        window of_family as (partition by {{ family | join(', ') }})
    ) as counted
    window from_the_largest as (
        partition by {{ family | join(', ') }} order by place desc
        rows between unbounded preceding and current row
    )
{%- endmacro %}

{# Comparisons of a family that would have to be at the smallest rank for one of them to reach q = .05; a lone finding rarely does. #}
{% macro bh_min_hits(floor_column, family_size) -%}
    cast(ceil(round({{ floor_column }} * {{ family_size }} / {{ false_alarm_target() }}, 9)) as integer)
{%- endmacro %}
