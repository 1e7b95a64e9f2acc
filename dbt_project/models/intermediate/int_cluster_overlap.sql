-- One row says how far other events stand in the way of a cluster, for one width and gap of the comparison. What counts are the
-- starts of other clusters and the measures that took effect outside every cluster. Single talks, votes and deadlines outside
-- every cluster do not count, nor do a cluster's own events.
with clusters as (
    select
        cluster_id,
        start_month as cut_month
    from {{ ref('int_cluster_start') }}
),

others as (
    select
        cluster_id as other_id,
        cut_month
    from clusters
    union all
    select
        cuts.event_id,
        cuts.cut_month
    from {{ ref('int_event_cut') }} as cuts
    inner join {{ ref('stg_event') }} as event on cuts.event_id = event.event_id
    where cuts.in_report and cuts.anchor_basis = 'effective_on' and event.cluster_id is null and not {{ is_own('cuts') }}
),

widths as (
    {{ report_grid() | indent(4) }}
),

pairs as (
    select
        clusters.cluster_id,
        widths.window_months,
        widths.gap_months,
        widths.lag_months,
        {{ months_between('clusters.cut_month', 'others.cut_month') }} as distance
    from clusters
    cross join widths
    left join others on clusters.cluster_id <> others.other_id
)

{{ overlaps('pairs', 'cluster_id') }}
