-- Prevents a code with dots, a range, or a chapter 99 number among the goods: a join on HS prefixes would find nothing or the wrong goods.
{{ config(meta={'dagster': {'ref': {'name': 'seed_tariff_measure'}}}) }}
with codes as (
    select measure_id, unnest({{ split_list('hs_codes') }}) as hs_code
    from {{ ref('seed_tariff_measure') }}
)

select *
from codes
where not regexp_full_match(hs_code, '[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{8}|[0-9]{10}')
    or hs_code > '98'
