-- Prevents a gap or an overlap between two steps of one threshold: a look-up by date would find none or two.
{{ config(meta={'dagster': {'ref': {'name': 'seed_origin_rule'}}}) }}
with steps as (
    select
        rule_id,
        effective_from,
        effective_to,
        threshold_pct,
        lead(rule_id) over steps_of_rule as next_rule_id,
        lead(effective_from) over steps_of_rule as next_from,
        lead(threshold_pct) over steps_of_rule as next_threshold_pct
    from {{ ref('seed_origin_rule') }}
    window steps_of_rule as (
        partition by agreement, vehicle_class, requirement, part_class, method
        order by effective_from
    )
)

select *
from steps
where next_rule_id is not null
    and (
        effective_to is null
        or effective_to + 1 <> next_from
        or next_threshold_pct < threshold_pct -- every staged threshold only rises
    )
