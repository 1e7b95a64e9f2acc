-- Prevents the two places that hold the USMCA content steps from drifting apart: positions say what was agreed, rules what applies.
{{ config(meta={'dagster': {'ref': {'name': 'seed_origin_rule'}}}) }}
with agreed as (
    select * from (
        values
            ('usmca-entry-into-force', date '2020-07-01'),
            ('usmca-rvc-69', date '2021-07-01'),
            ('usmca-rvc-72', date '2022-07-01'),
            ('usmca-rvc-75', date '2023-07-01')
    ) as steps (event_id, effective_from)
),

rules as (
    select agreed.event_id, rules.rule_id, rules.part_class, rules.method, rules.threshold_pct
    from {{ ref('seed_origin_rule') }} as rules
    inner join agreed on rules.effective_from = agreed.effective_from
    where rules.agreement = 'USMCA' and rules.vehicle_class = 'light_vehicle' and rules.requirement = 'regional_value_content'
)

select rules.*
from rules
where not exists (
    select 1
    from {{ ref('seed_position') }} as positions
    where positions.event_id = rules.event_id
        and positions.topic = 'rules_of_origin_autos'
        and positions.status = 'agreed'
        and positions.value = rules.threshold_pct
        and positions.unit in (
            'percent of vehicle value, ' || replace(rules.method, '_', ' '),
            'percent of part value, ' || replace(rules.method, '_', ' ')
        )
)
    -- positions record Table B by net cost only
    and not (rules.part_class = 'principal_part' and rules.method = 'transaction_value')
