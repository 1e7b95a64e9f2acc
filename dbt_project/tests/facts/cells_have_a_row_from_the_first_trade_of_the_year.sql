-- The Census Bureau's figures are year-to-date: after a cell's first trade in a calendar year every month has a row, with 0 where there is
-- none. A row missing after it was lost, and the panel would fill it with a zero that nobody published.
{{ config(meta={'dagster': {'ref': {'name': 'fct_panel'}}}) }}
select panel_id, product_code, partner_iso3, period_start
from {{ ref('fct_panel') }}
qualify is_filled
    and max(value_usd) over (
        partition by panel_id, product_code, partner_iso3, extract(year from period_start) order by period_start
    ) > 0
