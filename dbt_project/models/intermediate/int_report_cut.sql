-- One row is a month at which an event of the report cuts. Its gap is that of the events inside a month, if one of them is: what is compared
-- at the cut is then compared with that gap, too. bundled_gap_months is the gap of the bundled events alone, null where there is none of them.
{{ config(materialized='view') }}
select
    cut_month,
    max(default_gap_months) as default_gap_months,
    max(case when not {{ is_own('cut') }} then default_gap_months end) as bundled_gap_months
from {{ ref('int_event_cut') }} as cut
where in_report
group by cut_month
