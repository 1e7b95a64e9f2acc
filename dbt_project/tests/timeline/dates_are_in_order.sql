-- Prevents a date in the wrong column: a measure that takes effect before it is announced, or ends before it starts,
-- would put the cut of every comparison in the wrong month. Only a notice that came after the first day by law
-- (published_on) lets the announcement come later than that day.
{{ config(meta={'dagster': {'ref': {'name': 'seed_event'}}}) }}
with spans as (
    select 'seed_event.announced_on, effective_on' as columns_compared, event_id as row_key, announced_on as earlier, coalesce(published_on, effective_on) as later
    from {{ ref('seed_event') }}
    union all
    select 'seed_event.announced_on, ended_on', event_id, announced_on, ended_on from {{ ref('seed_event') }}
    union all
    select 'seed_event.effective_on, ended_on', event_id, effective_on, ended_on from {{ ref('seed_event') }}
    union all
    select 'seed_event.event_date, end_date', event_id, event_date, end_date from {{ ref('seed_event') }}
    union all
    select 'seed_tariff_measure.announced_on, effective_on', measure_id, announced_on, coalesce(published_on, effective_on) from {{ ref('seed_tariff_measure') }}
    union all
    select 'seed_tariff_measure.announced_on, ended_on', measure_id, announced_on, ended_on from {{ ref('seed_tariff_measure') }}
    union all
    select 'seed_tariff_measure.effective_on, ended_on', measure_id, effective_on, ended_on from {{ ref('seed_tariff_measure') }}
    union all
    select 'seed_origin_rule.effective_from, effective_to', rule_id, effective_from, effective_to from {{ ref('seed_origin_rule') }}
    union all
    select 'seed_episode.starts_on, ends_on', episode_id, starts_on, ends_on from {{ ref('seed_episode') }}
)

select *
from spans
where earlier > later
