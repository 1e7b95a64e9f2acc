{{ config(meta={'by_series': ['int_series_treatment', 'int_compared_cut', 'int_series_calendar', 'int_treatment_share', 'int_cluster_family_rate']}) }}
-- The rows are not sorted here, because the release sorts its copy by key.
with clusters as (
    select
        cluster_id,
        start_month as cut_month,
        default_gap_months
    from {{ ref('int_cluster_start') }}
),

phases as (
    select distinct
        treatment_id,
        series_id
    from {{ ref('int_series_treatment') }}
    where scope = 'phase'
),

compared as (
    select
        clusters.cluster_id,
        cuts.gap_months = clusters.default_gap_months as is_default_gap,
        cuts.* exclude (
            reason, treatment_id, act_event_ids, n_other_events, max_shared_post_share, rival_event_ids, rivals_in_windows
        ),
        cuts.reason as not_computable_because,
        overlap.n_other_events as n_other_events_any,
        phases.treatment_id,
        -- a phase that does not reach the series is a date like any other
        {%- set nothing = {
            'n_other_events': '0', 'max_shared_post_share': '0', 'rival_event_ids': empty_list(), 'rivals_in_windows': empty_list()
        } %}
        {%- for column, expression in rivals_of_a_date('cuts').items() %}
        case when phases.treatment_id is not null then coalesce(rivals.{{ column }}, {{ nothing[column] }}) else {{ expression }} end
            as {{ column }},
        {%- endfor %}
        {{ reason_shared() }} as not_identified_because
    from {{ ref('int_compared_cut') }} as cuts
    inner join clusters
        on cuts.cut_month = clusters.cut_month
        and {{ gap_is_reported('cuts.gap_months', 'clusters.default_gap_months') }}
    inner join {{ ref('int_cluster_overlap') }} as overlap
        on clusters.cluster_id = overlap.cluster_id
        and cuts.window_months = overlap.window_months
        and cuts.gap_months = overlap.gap_months
    inner join {{ ref('int_series_calendar') }} as calendar on cuts.series_id = calendar.series_id
    left join phases
        on cuts.series_id = phases.series_id
        and {{ phase_treatment('clusters.cluster_id') }} = phases.treatment_id
    left join {{ ref('int_phase_rival') }} as rivals
        on calendar.calendar_id = rivals.calendar_id
        and clusters.cluster_id = rivals.cluster_id
        and cuts.window_months = rivals.window_months
        and cuts.gap_months = rivals.gap_months
),

told_apart as (
    select
        *,
        max_shared_post_share <= {{ max_shared_share() }} as identified
    from compared
),

{{ judged_report('told_apart', ref('int_cluster_family_rate'), 'cluster_id') }}
