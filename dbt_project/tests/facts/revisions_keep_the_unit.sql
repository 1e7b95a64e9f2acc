-- Between the first known and the latest vintage no figure changed by more than a factor of five (measured: 0.84 to
-- 1.31, balances apart, which cross zero). A vintage in other units would: thousands for units, dollars for millions.
-- The owner of an imported series (source user...) may correct it by any factor.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_revision'}}}) }}
select revisions.series_id, revisions.period_start, revisions.first_value, revisions.latest_value
from {{ ref('rpt_revision') }} as revisions
inner join {{ ref('dim_series') }} as series on revisions.series_id = series.series_id
where series.measure <> 'trade_balance'
    and series.source_id not like 'user%'
    and revisions.first_value > 0
    and (revisions.latest_value > 5 * revisions.first_value or revisions.latest_value < revisions.first_value / 5)
