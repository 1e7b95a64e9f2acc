-- One row is a month at which an event of the report cuts. Its gap is that of the events inside a month, if one of them is: what is compared
-- at the cut is then compared with that gap, too.
{{ config(materialized='view') }}
select
    cut_month,
    max(default_gap_months) as default_gap_months
from {{ ref('int_event_cut') }}
where in_report
group by cut_month
