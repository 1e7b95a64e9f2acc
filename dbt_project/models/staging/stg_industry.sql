select
    industry_system,
    industry_code,
    title,
    parent_code,
    is_trade_only,
    {{ split_list('revisions') }} as revisions
from {{ ref('seed_industry') }}
