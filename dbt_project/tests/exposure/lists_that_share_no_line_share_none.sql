-- Prevents two duties on one good from being taken for duties on different goods: a list that grows may come to overlap another.
{{ config(meta={'dagster': {'ref': {'name': 'seed_tariff_stacking'}}}) }}
with codes as (
    select distinct programme.programme, unnest({{ split_list('list.hs_codes') }}) as hs_code
    from {{ ref('seed_tariff_programme') }} as programme
    inner join {{ ref('seed_tariff_reach') }} as reach on programme.measure_id = reach.measure_id
    inner join {{ ref('seed_tariff_list_code') }} as list on reach.list_id = list.list_id
)

select rule.programme_a, rule.programme_b, one.hs_code as one_code, other.hs_code as other_code
from {{ ref('seed_tariff_stacking') }} as rule
inner join codes as one on rule.programme_a = one.programme
inner join codes as other
    on rule.programme_b = other.programme
    and (starts_with(one.hs_code, other.hs_code) or starts_with(other.hs_code, one.hs_code))
where rule.reason = 'the lists share no line'
