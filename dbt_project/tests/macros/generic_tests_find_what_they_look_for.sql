-- Each generic test against rows of which a known number is bad: a test that cannot fail would pass everywhere.
{{ config(meta={'dagster': {'ref': {'name': 'dim_month'}}}) }}
-- depends_on: {{ ref('dim_month') }}
{% set rows %}(select * from (values ('a', 1, null, ['x', 'y']), ('a', 1, 5, ['x', 'z']), ('b', null, -1, [])) as bad (id, code, amount, items)){% endset %}
{% set texts %}(select * from (values ('87;87', 'USA'), ('87;', 'USA;XXX'), ('87; 88', 'WLD'), ('87;88', null), (null, 'CAN;MEX')) as bad (codes, parties)){% endset %}
{% set known %}(select * from (values ('a', 1, 'x'), ('c', 2, 'y')) as parents (id, code, item)){% endset %}
with counted (what, found, expected) as (
    values
        -- ('a', 1) twice
        ('unique_combination', (select count(*) from ({{ test_unique_combination(rows ~ ' as t', ['id', 'code']) }}) as found), 1),
        -- a null in code, a null in amount
        ('no_nulls', (select count(*) from ({{ test_no_nulls(rows ~ ' as t', ['id', 'code', 'amount']) }}) as found), 2),
        -- -1 is not positive, and null is not known to be
        ('holds', (select count(*) from ({{ test_holds(rows ~ ' as t', 'amount > 0') }}) as found), 2),
        -- -1 is below, null is allowed
        ('in_range', (select count(*) from ({{ test_in_range(rows ~ ' as t', 'amount', 0, 10) }}) as found), 1),
        ('in_range without a maximum', (select count(*) from ({{ test_in_range(rows ~ ' as t', 'amount', 6) }}) as found), 2),
        -- 'z'
        ('list_items_in', (select count(*) from ({{ test_list_items_in(rows ~ ' as t', 'items', known, 'item') }}) as found), 1),
        -- -1 and null break the first rule, the null code breaks the second
        ('rules', (select count(*) from ({{ test_rules(rows ~ ' as t', [
            {'condition': 'amount > 0', 'says': "it's positive"}, {'condition': 'code is not null', 'says': 'it has a code'}
        ]) }}) as found), 3),
        -- a repeated item, an empty one, blanks around ';'; a party that is none, and one that is no country
        ('text_lists', (select count(*) from ({{ test_text_lists(texts ~ ' as t', [
            {'column': 'codes'}, {'column': 'parties', 'closed_list': 'party', 'kinds': ['country']}
        ]) }}) as found), 5),
        -- ('b', null) is no key; no row is an orphan until codes are compared with ids of another letter
        ('parents_exist, complete', (select count(*) from ({{ test_parents_exist(rows ~ ' as t', ['id', 'code'], known, ['id', 'code']) }}) as found), 0),
        ('parents_exist, orphans', (select count(*) from ({{ test_parents_exist(rows ~ ' as t', ['id'], known, ['id']) }}) as found), 1)
)

select * from counted where found <> expected
