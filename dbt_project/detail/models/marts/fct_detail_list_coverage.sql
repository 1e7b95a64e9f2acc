-- One row is how much of a product of six digits stands on a list of goods, counted by lines of ten digits that were imported.
with products as (
    select
        hs6,
        count(distinct hs10) as lines
    from {{ ref('stg_lake_imports') }}
    group by hs6
),

listed as (
    select
        list_id,
        hs6,
        count(*) as lines_on_list
    from {{ ref('fct_detail_list_line') }}
    group by list_id, hs6
)

select
    listed.list_id,
    listed.hs6,
    products.lines,
    listed.lines_on_list,
    cast(listed.lines_on_list as double) / cast(products.lines as double) as coverage
from listed
inner join products on listed.hs6 = products.hs6
