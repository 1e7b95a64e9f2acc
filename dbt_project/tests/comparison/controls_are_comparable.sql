-- A control in another unit, adjustment or on another basis moves for reasons of its own: seasonal against adjusted, general
-- imports against imports for consumption. unit_multiplier may differ, as logs take it out. Balances and percentages have no logs.
{{ config(meta={'dagster': {'ref': {'name': 'seed_control_set_member'}}}) }}
select members.control_set_id, members.treated_series_id, members.control_series_id
from {{ ref('seed_control_set_member') }} as members
inner join {{ ref('stg_series') }} as treated on members.treated_series_id = treated.series_id
inner join {{ ref('stg_series') }} as control on members.control_series_id = control.series_id
where treated.frequency <> 'monthly'
    or control.frequency <> 'monthly'
    or treated.measure <> control.measure
    or treated.unit <> control.unit
    or treated.unit like '%percent%'
    or treated.flow is distinct from control.flow
    or coalesce(treated.flow, '') = 'balance'
    or treated.basis is distinct from control.basis
    or treated.seasonal_adjustment is distinct from control.seasonal_adjustment
    or treated.currency is distinct from control.currency
