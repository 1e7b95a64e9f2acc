-- The rows are not sorted here: the release sorts its copy by key, and sorting twice would cost as much as all joins.
with events as (
    select
        cuts.event_id,
        cuts.cut_month,
        event.cluster_id
    from {{ ref('int_event_cut') }} as cuts
    inner join {{ ref('dim_event') }} as event on cuts.event_id = event.event_id
    where cuts.in_report
),

-- read once whole and twice for a few columns: kept in memory it would be the largest table of the build
compared as not materialized (
    select
        events.event_id,
        events.cluster_id,
        cuts.* exclude (reason),
        cuts.reason as not_computable_because,
        overlap.n_other_events,
        overlap.max_shared_post_share
    from {{ ref('int_compared_cut') }} as cuts
    inner join events on cuts.cut_month = events.cut_month
    inner join {{ ref('int_event_overlap') }} as overlap
        on events.event_id = overlap.event_id
        and cuts.window_months = overlap.window_months
        and cuts.gap_months = overlap.gap_months
)

{{ judged_report('compared', 'event_id') }}
