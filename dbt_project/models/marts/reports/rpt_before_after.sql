{{ config(meta={'by_series': ['int_compared_cut', 'int_event_exposure', 'int_event_family_rate', 'int_own_rival', 'int_treatment_share']}) }}
-- The rows are not sorted here: the release sorts its copy by key, and sorting twice would cost as much as all joins.
with events as (
    select
        cuts.event_id,
        cuts.cut_month,
        cuts.default_gap_months,
        cuts.event_class,
        {{ is_own('cuts') }} as is_own,
        event.cluster_id
    from {{ ref('int_event_cut') }} as cuts
    inner join {{ ref('dim_event') }} as event on cuts.event_id = event.event_id
    where cuts.in_report
),

exposed as (
    select distinct exposure.event_id, exposure.series_id
    from {{ ref('int_event_exposure') }} as exposure
    inner join {{ ref('int_event_cut') }} as cut on exposure.event_id = cut.event_id
    -- an event of the user's own is compared like a date: whatever reaches the series is in its way
    where not {{ is_own('cut') }}
),

-- Every event with every series, narrow: one join of these with the wide comparisons, and what is wide is in no hash table. Held in
-- one, which the planner chooses where it expects few rows, the 910,000 wide rows go to the disk and take three times as long.
subjects as (
    select
        events.*,
        series.series_id,
        exposed.event_id is not null as is_exposed
    from events
    cross join (select distinct series_id from {{ ref('int_compared_cut') }}) as series
    left join exposed on events.event_id = exposed.event_id and series.series_id = exposed.series_id
),

compared as (
    select
        events.event_id,
        events.cluster_id,
        events.is_own,
        cuts.gap_months = events.default_gap_months as is_default_gap,
        cuts.* exclude (
            reason, treatment_id, act_event_ids, n_other_events, max_shared_post_share, rival_event_ids, rivals_in_windows
        ),
        cuts.reason as not_computable_because,
        overlap.n_other_events as n_other_events_any,
        {{ treatment_of_event('events.is_exposed', 'events') | indent(8) }} as treatment_id,
        {%- for column, expression in with_own_rivals(rivals_of_a_date('cuts'), 'own').items() %}
        case when events.is_exposed and events.event_class = 'act' then cuts.{{ column }} else {{ expression }} end
            as {{ column }},
        {%- endfor %}
        {{ not_identified_because('events.event_class', 'events.cluster_id') | indent(8) }} as not_identified_because,
        events.event_class
    from {{ ref('int_compared_cut') }} as cuts
    inner join subjects as events
        on cuts.cut_month = events.cut_month
        and cuts.series_id = events.series_id
        and {{ gap_is_reported('cuts.gap_months', 'events.default_gap_months') }}
    -- every event has its overlap; of an inner join the planner would expect a thousand rows
    left join {{ ref('int_event_overlap') }} as overlap
        on events.event_id = overlap.event_id
        and cuts.window_months = overlap.window_months
        and cuts.gap_months = overlap.gap_months
    left join {{ ref('int_own_rival') }} as own
        on events.event_id = own.event_id
        and cuts.series_id = own.series_id
        and cuts.window_months = own.window_months
        and cuts.gap_months = own.gap_months
),

told_apart as (
    select
        *,
        event_class = 'act' and max_shared_post_share <= {{ max_shared_share() }} as identified
    from compared
),

{{ judged_report('told_apart', ref('int_event_family_rate'), 'event_id', 'is_own') }}
