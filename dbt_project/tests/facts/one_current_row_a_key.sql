-- Two current rows of a key would be two answers to one question: someone wrote to the store behind the loader.
-- (Not a test of the source: Dagster shows those only for sources that a model reads, and no model reads this one.)
{{ config(meta={'dagster': {'ref': {'name': 'int_observation_vintage'}}}) }}
-- depends_on: {{ ref('int_observation_vintage') }}
select series_id, period_start, count(*) as n_rows
from {{ source('raw', 'observation_current') }}
group by series_id, period_start
having count(*) > 1
