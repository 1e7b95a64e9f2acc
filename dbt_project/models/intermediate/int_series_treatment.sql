-- One row says that a bundled event of the report is part of a treatment of a series: with all acts that reach the series and have its cut
-- month (scope act), or with the phase of talks that it belongs to (scope phase). An act within a phase is part of both. default_gap_months is of
-- the act, or of the start of the phase.
select
    event_id,
    series_id,
    {{ act_treatment('cut_month') }} as treatment_id,
    'act' as scope,
    cut_month,
    default_gap_months
from (select distinct event_id, series_id from {{ ref('int_event_exposure') }}) as exposure
inner join {{ ref('int_event_cut') }} as cut using (event_id)
where cut.in_report and cut.event_class = 'act' and not {{ is_own('cut') }}
union all
select
    exposure.event_id,
    exposure.series_id,
    {{ phase_treatment('event.cluster_id') }},
    'phase',
    start.start_month,
    start.default_gap_months
from (select distinct event_id, series_id from {{ ref('int_event_exposure') }}) as exposure
inner join {{ ref('int_event_cut') }} as cut on exposure.event_id = cut.event_id
inner join {{ ref('stg_event') }} as event on exposure.event_id = event.event_id
inner join {{ ref('int_cluster_start') }} as start on event.cluster_id = start.cluster_id
where cut.in_report
