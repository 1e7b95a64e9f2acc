select
    industry_system,
    industry_code,
    title,
    parent_code,
    is_trade_only,
    revisions
from {{ ref('stg_industry') }}
order by industry_system, industry_code
