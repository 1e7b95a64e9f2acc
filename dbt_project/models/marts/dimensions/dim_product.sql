select
    product_system,
    product_code,
    product_level,
    title,
    parent_code,
    section,
    revisions
from {{ ref('stg_product') }}

union all

-- headings that occur in the flows and have no title of their own here
select
    'HS',
    headings.product_code,
    cast(4 as smallint),
    concat('Heading ', headings.product_code, ' (', chapters.title, ')'),
    chapters.product_code,
    chapters.section,
    {{ empty_list() }}
from (
    select distinct product_code
    from {{ ref('int_trade_flow') }}
    where classification = 'HS' and product_level = 4
) as headings
inner join {{ ref('stg_product') }} as chapters
    on chapters.product_system = 'HS' and chapters.product_level = 2 and left(headings.product_code, 2) = chapters.product_code
where headings.product_code not in (select product_code from {{ ref('stg_product') }} where product_system = 'HS')
order by product_system, product_code
