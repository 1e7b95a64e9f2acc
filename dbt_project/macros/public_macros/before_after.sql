{# The comparison that was requested, judged like a row of rpt_before_after: its rank, its rivals, its verdict. #}
{% macro before_after_body() -%}
with {{ comparison_steps() }},

overlap as (
    select
        count(case when {{ cut_in_windows('distances.distance', 'compared.post_length', 'compared.lag_months') }} then 1 end)
            as n_other_events,
        coalesce(max({{ shared_post_share('compared.post_length', 'distances.distance') }}), 0) as max_shared_post_share
    from compared
    left join distances on compared.event_id <> distances.event_id
),

episodes as (
    select {{ sorted_list('touching.episode_id') }} as episodes_in_window
    from touching
    cross join spans
    where {{ touches_windows(
        'touching.first_index', 'touching.last_index', 'spans.pre_first', 'spans.pre_last', 'spans.post_first', 'spans.post_last'
    ) | indent(8) }}
),

centre as (
    select
        count(*) as n_placebo,
        median(statistic) as middle
    from placebo_cuts
),

distances_from_centre as (
    select
        any_value(centre.n_placebo) as n_placebo,
        any_value(effect.statistic - centre.middle) as deviation,
        count(
            case
                when abs(placebo_cuts.statistic - centre.middle) >= abs(effect.statistic - centre.middle) - {{ rounding() }}
                    then 1
            end
        ) as n_as_far,
        median(abs(placebo_cuts.statistic - centre.middle)) as typical,
        {{ quantile('abs(placebo_cuts.statistic - centre.middle)', usual_share()) }} as mde95
    from centre
    cross join (select case when scale = 'log' then d_log else d_level end as statistic from compared) as effect
    left join placebo_cuts on true
),

-- with too few dates without an event there is neither a rank nor a detectable change
standing as (
    select
        cast(coalesce(counted.n_placebo, 0) as integer) as n_placebo,
        enough.placebo_rank,
        enough.rank_floor,
        enough.z_mad,
        enough.mde95
    from distances_from_centre as counted
    left join (
        select
            {{ placebo_rank('n_as_far', 'n_placebo') }} as placebo_rank,
            {{ placebo_rank('0', 'n_placebo') }} as rank_floor,
            {{ robust_z('deviation', 'typical') }} as z_mad,
            mde95
        from distances_from_centre
        where n_placebo >= {{ min_placebo_cuts() }}
    ) as enough on true
),

-- the numbers of the same months as they were first published, of those months whose first release is held
first_numbers as (
    select
        {{ months_between('widths.cut_month', 'numbers.period_start') }} as month_index,
        numbers.value,
        numbers.has_later_version,
        case when numbers.value > 0 then ln(numbers.value) end as log_value
    from (
        select
            vintage.period_start,
            vintage.value,
            row_number() over (partition by vintage.period_start order by vintage.known_from) as place,
            max(vintage.revision_number) over (partition by vintage.period_start)
            > min(vintage.revision_number) over (partition by vintage.period_start) as has_later_version
        from fct_observation_vintage as vintage
        inner join fct_observation as latest
            on vintage.series_id = latest.series_id
            and vintage.period_start = latest.period_start
            and latest.is_first_release
        where vintage.series_id = cast(series as varchar)
            and vintage.frequency = 'monthly'
            and vintage.value is not null
            and {{ is_not_press('vintage') }}
    ) as numbers
    cross join widths
    where numbers.place = 1
),

first_known as (
    select
        difference.*,
        case
            when difference.n_pre >= compared.n_pre and difference.n_post >= compared.n_post
                then {{ comparison_scale('compared.log_allowed', 'difference.min_level') }}
        end as scale
    from (
        select
            {{ difference_of_months('first_numbers', 'spans.pre_last', 'spans.post_first') | indent(12) }},
            count(case when first_numbers.has_later_version then 1 end) as n_revised
        from spans
        inner join first_numbers
            on {{ in_either_window(
                'first_numbers.month_index', 'spans.pre_first', 'spans.pre_last', 'spans.post_first', 'spans.post_last'
            ) | indent(12) }}
    ) as difference
    cross join compared
),

-- the threshold is that of the width and gap of the reports nearest to the requested ones
calibration as (
    select
        max(rank_threshold) as rank_threshold,
        {{ measured_rates('series_id = cast(series as varchar) and n_blocks >= ' ~ min_placebo_blocks()) | indent(8) }}
    from (
        select
            measured.*,
            rank() over (
                order by
                    abs(measured.window_months - widths.window_months),
                    abs(measured.gap_months - widths.gap_months),
                    measured.window_months,
                    measured.gap_months
            ) as place
        from rpt_method_calibration as measured
        cross join widths
        where measured.method in ('placebo_rank_calibrated', 'welch')
    ) as placed
    where place = 1
),

-- A false discovery rate belongs to a family of comparisons. Only a comparison that stands in the report is a member of one.
reported as (
    select
        report.family_id,
        report.family_size,
        report.bh_min_hits,
        report.q_bh,
        report.q_by
    from rpt_before_after as report
    inner join widths
        on report.event_id = widths.event_id
        and report.series_id = widths.series_id
        and report.window_months = widths.window_months
        and report.gap_months = widths.gap_months
    where report.as_of_basis = 'latest'
        and on_date is null
        and widths.post_months_requested = widths.window_months
),

-- The columns of rpt_before_after. Where the event or the series is unknown, what depends on it stays null.
joined as (
    select
        compared.*,
        case when on_date is null then 'latest' else 'on_date' end as as_of_basis,
        case when compared.cut_month is not null then cast(overlap.n_other_events as integer) end as n_other_events,
        case when compared.cut_month is not null then overlap.max_shared_post_share end as max_shared_post_share,
        case when compared.is_comparable then coalesce(episodes.episodes_in_window, {{ empty_list() }}) end as episodes_in_window,
        case when compared.is_comparable then episodes.episodes_in_window is null end as event_clean,
        standing.n_placebo,
        {{ placebo_blocks('standing.n_placebo') }} as n_blocks,
        standing.mde95,
        -- Placebo cuts touch no episode. A comparison that does touch one is not of their kind and has no rank among them.
        case when episodes.episodes_in_window is null then standing.placebo_rank end as placebo_rank,
        case when episodes.episodes_in_window is null then standing.z_mad end as z_mad,
        standing.rank_floor,
        calibration.*,
        reported.*,
        {{ revision_effect('compared', 'first_known') | indent(8) }} as revision_effect,
        case
            when least(compared.window_months, compared.post_months_requested) < 1 or compared.gap_months < 0
                then 'months must be at least 1 and gap at least 0'
            when compared.frequency is null then 'series is unknown'
            when compared.frequency <> 'monthly' then 'series is not monthly'
            when compared.cut_month is null then 'event is neither an event_id nor an ISO date'
            when cast(on_date as date) < cast(compared.oldest_known_from as date)
                then concat('the oldest copy held of the series is of ', cast(cast(compared.oldest_known_from as date) as varchar))
            when (compared.pre_n_months = 0 or compared.post_n_months = 0) and compared.pre_start < compared.break_period
                then concat('figures before ', left(cast(compared.break_period as varchar), 7), ' are not compared with later ones: ', compared.break_reason)
            when compared.pre_n_months = 0 or compared.post_n_months = 0 then 'no month of a window is known'
            when not compared.is_complete then {{ reason_missing_month() }}
        end as not_computable_because
    from compared
    cross join overlap
    cross join episodes
    cross join standing
    cross join calibration
    cross join first_known
    left join reported on true
),

judged as (
    {{ with_verdict('joined') | indent(4) }}
)

select
    {%- for column in before_after_columns() %}
    {{ column }},
    {%- endfor %}
    case
        when not_computable_because is null
            and (n_post < post_months_requested or n_pre < case when is_paired then post_months_requested else window_months end)
            then concat_ws('; ', 'window is shorter than asked', {{ reason_of_verdict() | indent(12) }})
        else {{ reason_of_verdict() | indent(8) }}
    end as reason
from judged
{%- endmacro %}
