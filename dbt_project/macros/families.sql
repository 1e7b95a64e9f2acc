{#
    False discovery rates within a family of comparisons.
    Belongs here: the two step-up procedures. Does not belong here: what a family is (seeds/comparison).

    Benjamini and Hochberg (1995) holds where the comparisons are independent or move together; Benjamini and Yekutieli
    (2001) always, at the price of the factor 1 + 1/2 + ... + 1/m. Of m comparisons the k-th smallest p gives p m / k, and
    each q is the smallest of its own and all larger ones. What has no p is no member.
#}

{#
    `relation` with family_size (comparisons with a `p`), bh_min_hits, q_bh and q_by of each row within `family` (columns).
    floor_column: smallest p the row could have had. bh_min_hits: how many of the family would have to be at that floor
    for one of them to reach q = .05; a lone finding in a large family never does.
#}
{% macro with_false_discovery_rates(relation, family, p, floor_column) -%}
    select
        * exclude (place, harmonic),
        cast(ceil(round({{ floor_column }} * family_size / {{ false_alarm_target() }}, 9)) as integer) as bh_min_hits,
        case when {{ p }} is not null then least(1, min({{ p }} * family_size / place) over from_the_largest) end as q_bh,
        case
            when {{ p }} is not null then least(1, min({{ p }} * family_size * harmonic / place) over from_the_largest)
        end as q_by
    from (
        select
            *,
            cast(count({{ p }}) over (partition by {{ family | join(', ') }}) as integer) as family_size,
            sum(case when {{ p }} is not null then 1.0 / place end) over (partition by {{ family | join(', ') }}) as harmonic
        from (
            select
                *,
                case
                    when {{ p }} is not null
                        then row_number() over (partition by {{ family | join(', ') }} order by {{ p }} nulls last)
                end as place
            from {{ relation }}
        ) as placed
    ) as counted
    window from_the_largest as (
        partition by {{ family | join(', ') }} order by place desc nulls last
        rows between unbounded preceding and current row
    )
{%- endmacro %}
