-- One row is a month of a series that is ranked, or that others are ranked among: the cuts of the report's events on both bases of
-- knowledge, and every date without an event. Of the latter those on the latest basis are ranked themselves, because the share of
-- those that come out as unusual is the false-alarm rate.
{{ config(materialized='view', meta={'by_series': ['int_cut_difference', 'int_known_series', 'int_series_calendar', 'int_balance_scale']}) }}
with cuts as (
    select
        cuts.series_id,
        cuts.as_of_basis,
        cuts.window_months,
        cuts.gap_months,
        cuts.scale,
        cuts.cut_month,
        case when {{ is_balance() }} then balance.spread else 1 end as unit_size,
        coalesce(cuts.d_log, cuts.d_level / case when {{ is_balance() }} then balance.spread else 1 end) as statistic,
        {{ welch_fires('cuts.welch_t', 'cuts.welch_df') }} as welch_fires,
        cuts.n_episode_months = 0
        and eventful.cut_month is null
        and cuts.cut_month >= {{ first_placebo_month() }}
        and {{ is_not_press('series') }} as is_placebo
    from {{ ref('int_cut_difference') }} as cuts
    inner join {{ ref('int_known_series') }} as series on cuts.series_id = series.series_id
    inner join {{ ref('int_series_calendar') }} as calendar on cuts.series_id = calendar.series_id
    left join {{ ref('int_eventful_cut') }} as eventful
        on calendar.calendar_id = eventful.calendar_id
        and cuts.window_months = eventful.window_months
        and cuts.cut_month = eventful.cut_month
    left join {{ ref('int_balance_scale') }} as balance
        on cuts.series_id = balance.series_id
        and cuts.as_of_basis = balance.as_of_basis
        and {{ add_months('cuts.cut_month', '-1 - cuts.gap_months') }} = balance.period_start
),

wanted as (
    select
        cuts.*,
        events.cut_month is not null as is_event,
        events.cut_month is not null or (cuts.is_placebo and cuts.as_of_basis = 'latest') as is_wanted,
        cuts.window_months in {{ in_list(judged_windows()) }} as is_judged
    from cuts
    left join {{ ref('int_report_cut') }} as events
        on cuts.cut_month = events.cut_month
        and {{ gap_is_reported('cuts.gap_months', 'events.default_gap_months') }}
    where cuts.statistic is not null
)

select *
from wanted
-- a month that is neither says nothing of any other: half of them
where is_placebo or is_wanted
