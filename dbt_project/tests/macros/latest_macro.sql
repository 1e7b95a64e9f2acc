-- The latest row of a key is the latest even when its value is null; max_by(value, known) would give 10.
{{ config(meta={'dagster': {'ref': {'name': 'int_observation_vintage'}}}) }}
-- depends_on: {{ ref('int_observation_vintage') }}
{% set relation %}(values ('s', 1, 10.0), ('s', 2, null), ('t', 1, 5.0)) as vintages (series_id, known, value){% endset %}
select series_id, known, value
from ({{ latest(relation, ['series_id'], 'known') }}) as found
where not (series_id = 's' and known = 2 and value is null)
    and not (series_id = 't' and known = 1 and value = 5.0)
union all
select 'rows', count(*), null
from ({{ latest(relation, ['series_id'], 'known') }}) as found
having count(*) <> 2
