-- One row is a month of a series that is ranked, or that others are ranked among: the cuts of the report's events on both bases of
-- knowledge, and every date without an event. Of the latter those on the latest basis are ranked themselves, because the share of
-- those that come out as unusual is the false-alarm rate.
{{ config(materialized='view') }}
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

select *
from wanted
-- a month that is neither says nothing of any other: half of them
where is_placebo or is_wanted
