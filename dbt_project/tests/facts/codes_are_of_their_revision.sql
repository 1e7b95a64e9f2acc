-- A flow stated in a revision of the HS in which its code has another scope, or does not exist, cannot be put beside the
-- others: chapters and headings listed here must have the scope of the title in every revision that the flows use.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
select distinct flows.product_code, flows.classification_version, products.revisions
from {{ ref('fct_trade_flow') }} as flows
inner join {{ ref('dim_product') }} as products
    on flows.classification = products.product_system and flows.product_code = products.product_code
where flows.classification_version is not null
    and len(products.revisions) > 0
    and not list_contains(products.revisions, flows.classification_version)
