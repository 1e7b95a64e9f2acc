-- One row says where the difference at a cut stands among the same difference of the same series at dates without a known event.
-- It holds the cuts of the report's events on both bases of knowledge, and on the latest basis every date without an event
-- itself, because the share of those that come out as unusual is the false-alarm rate.
with cuts as (
    select
        cuts.series_id,
        cuts.as_of_basis,
        cuts.window_months,
        cuts.gap_months,
        cuts.scale,
        cuts.cut_month,
        coalesce(cuts.d_log, cuts.d_level) as statistic,
        {{ welch_fires('cuts.welch_t', 'cuts.welch_df') }} as welch_fires,
        cuts.n_episode_months = 0 and eventful.cut_month is null and {{ is_not_press('series') }} as is_placebo
    from {{ ref('int_cut_statistics') }} as cuts
    inner join {{ ref('int_known_series') }} as series on cuts.series_id = series.series_id
    left join {{ ref('int_eventful_cut') }} as eventful
        on cuts.window_months = eventful.window_months
        and cuts.cut_month = eventful.cut_month
    where cuts.reason is null
),

wanted as (
    select
        cuts.*,
        events.cut_month is not null as is_event,
        events.cut_month is not null or (cuts.is_placebo and cuts.as_of_basis = 'latest') as is_wanted
    from cuts
    left join (select distinct cut_month from {{ ref('int_event_cut') }} where in_report) as events
        on cuts.cut_month = events.cut_month
)

select
    series_id,
    as_of_basis,
    window_months,
    gap_months,
    cut_month,
    scale,
    statistic,
    welch_fires,
    is_placebo,
    cast(n_placebo as integer) as n_placebo,
    {{ placebo_blocks('n_placebo') }} as n_blocks,
    middle,
    deviation,
    placebo_rank,
    mde95,
    z_mad
from ({{ placebo_standing('wanted', ['series_id', 'as_of_basis', 'window_months', 'gap_months', 'scale']) }}) as standing
