-- Weights that do not sum to 1 leave a part of the common movement in the difference, or take it out twice.
{{ config(meta={'dagster': {'ref': {'name': 'seed_control_set_member'}}}) }}
select control_set_id, treated_series_id, sum(weight) as total
from {{ ref('seed_control_set_member') }}
group by control_set_id, treated_series_id
having abs(sum(weight) - 1) > 1e-9
