-- A source whose figures are here without a word on its missing rows: a reader would take them for zeros, or zeros for gaps.
-- Sources of users are theirs to describe.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_coverage'}}}) }}
select distinct coverage.source_id, coverage.held_as
from {{ ref('rpt_coverage') }} as coverage
inner join (select distinct source_id from {{ ref('stg_absent_row') }}) as known on coverage.source_id = known.source_id
where coverage.absent_row_evidence is null
