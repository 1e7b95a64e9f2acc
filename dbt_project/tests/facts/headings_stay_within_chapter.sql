-- Headings of one chapter, source, basis and month never add up to more than the chapter: they would if a heading were
-- filed under another basis, or twice.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trade_flow'}}}) }}
with headings as (
    select reporter_iso3, flow, basis, partner_iso3, period_start, source_id, left(product_code, 2) as chapter, sum(value_usd) as headings_usd
    from {{ ref('fct_trade_flow') }}
    where classification = 'HS' and product_level = 4
    group by all
)

select *
from headings
inner join {{ ref('fct_trade_flow') }} as chapters
    on headings.reporter_iso3 = chapters.reporter_iso3
    and headings.flow = chapters.flow
    and headings.basis = chapters.basis
    and headings.partner_iso3 = chapters.partner_iso3
    and headings.period_start = chapters.period_start
    and headings.source_id = chapters.source_id
    and headings.chapter = chapters.product_code
where chapters.classification = 'HS' and chapters.product_level = 2
    and headings.headings_usd > chapters.value_usd
