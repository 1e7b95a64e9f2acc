-- The rows are not sorted here, because the release sorts its copy by key.
with clusters as (
    select
        cluster_id,
        start_month as cut_month
    from {{ ref('int_cluster_start') }}
),

-- read once whole and twice for a few columns: kept in memory it would be the largest table of the build
compared as not materialized (
    select
        clusters.cluster_id,
        cuts.* exclude (reason),
        cuts.reason as not_computable_because,
        overlap.n_other_events,
        overlap.max_shared_post_share
    from {{ ref('int_compared_cut') }} as cuts
    inner join clusters on cuts.cut_month = clusters.cut_month
    inner join {{ ref('int_cluster_overlap') }} as overlap
        on clusters.cluster_id = overlap.cluster_id
        and cuts.window_months = overlap.window_months
        and cuts.gap_months = overlap.gap_months
)

{{ judged_report('compared', 'cluster_id') }}
