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
    {#- Equal p have equal q, and a family has few different ones: the steps run over those, not over a million wide rows. -#}
    {%- set by_family = family | join(', ') -%}
    {%- set same_family -%}
        {%- for column in family %}member.{{ column }} = found.{{ column }}{{ ' and ' if not loop.last }}{% endfor -%}
    {%- endset %}
    select
        member.*,
        cast(coalesce(whole.family_size, 0) as integer) as family_size,
        cast(ceil(round(member.{{ floor_column }} * coalesce(whole.family_size, 0) / {{ false_alarm_target() }}, 9)) as integer)
            as bh_min_hits,
        -- least() passes over a null
        case when member.{{ p }} is not null then least(1, found.smallest_of_larger) end as q_bh,
        case when member.{{ p }} is not null then least(1, found.smallest_of_larger * whole.harmonic) end as q_by
    from {{ relation }} as member
    left join (
        select
            *,
            {{ harmonic_number('family_size') }} as harmonic
        from (
            select
                {{ by_family }},
                count({{ p }}) as family_size
            from {{ relation }}
            group by {{ by_family }}
        ) as counted
    ) as whole on {{ same_family | replace('found.', 'whole.') }}
    left join (
        select
            {{ by_family }},
            {{ p }},
            min({{ p }} * family_size / place) over (
                partition by {{ by_family }} order by {{ p }} desc rows between unbounded preceding and current row
            ) as smallest_of_larger
        from (
            select
                *,
                sum(n_equal) over (partition by {{ by_family }}) as family_size,
                -- the place of the last of those with the same p
                sum(n_equal) over (
                    partition by {{ by_family }} order by {{ p }} rows between unbounded preceding and current row
                ) as place
            from (
                select
                    {{ by_family }},
                    {{ p }},
                    count(*) as n_equal
                from {{ relation }}
                where {{ p }} is not null
                group by {{ by_family }}, {{ p }}
            ) as different
        ) as placed
    ) as found on {{ same_family }} and member.{{ p }} = found.{{ p }}
{%- endmacro %}

{# 1 + 1/2 + ... + 1/n. #}
{% macro harmonic_number(n) -%}
    list_sum(list_transform(generate_series(1, {{ n }}), lambda i: 1.0 / cast(i as double)))
{%- endmacro %}
