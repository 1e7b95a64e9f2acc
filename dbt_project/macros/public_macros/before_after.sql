{#
    The steps from what was asked to one comparison, shared by the macros before_after and placebo.
    Last of them: `compared` (one row), `placebo_cuts` (the same comparison at every month without a known event).
#}
{% macro comparison_steps() -%}
asked as (
    select
        cut.event_id,
        cut.cluster_id,
        case when least(months, coalesce(post_months, months)) >= 1 and gap >= 0 then cut.cut_month end as cut_month,
        cast(series as varchar) as series_id,
        cast(months as integer) as window_months,
        cast(gap as integer) as gap_months,
        {{ lag_months('cast(months as integer)', 'cast(gap as integer)') }} as lag_months,
        -- a width that is not whole years is paired month by month, as long as the month before precedes the gap
        cast(months as integer) % 12 <> 0 as is_paired,
        cast(coalesce(post_months, months) as integer) as post_months_asked
    from (
        {{ asked_cut() | indent(8) }}
    ) as cut
),

widths as (
    select
        *,
        case when is_paired then n_pairs else window_months end as pre_length,
        case when is_paired then n_pairs else post_months_asked end as post_length
    from (
        select
            *,
            greatest(0, least(window_months, post_months_asked, lag_months - gap_months)) as n_pairs
        from asked
    ) as paired
),

subject as (
    select
        *,
        {{ has_log_scale() }} as log_allowed
    from dim_series
    where series_id = cast(series as varchar)
),

-- numbers known at the end of on_date, or now; months counted from the cut
known as (
    select
        {{ months_between('widths.cut_month', 'vintage.period_start') }} as month_index,
        vintage.value,
        case when vintage.value > 0 then ln(vintage.value) end as log_value,
        vintage.status,
        vintage.known_from
    from fct_observation_vintage as vintage
    cross join widths
    where vintage.series_id = cast(series as varchar)
        and vintage.frequency = 'monthly'
        and vintage.status <> 'withdrawn'
        and vintage.value is not null
        and case when on_date is null then vintage.known_to is null else {{ is_known_at_end_of('on_date') }} end
),

life as (
    -- of an unknown series: from 1 to 0, which holds no month
    select
        coalesce(min(month_index), 1) as first_index,
        coalesce(max(month_index), 0) as last_index
    from known
),

-- windows as asked, and what of them lies within the life of the series; pairs need both of their months
bounds as (
    select
        'post' as role,
        greatest(0, case when is_paired then first_index + lag_months else first_index end) as first_index,
        least(post_length - 1, last_index) as last_index
    from widths
    cross join life
    union all
    select
        'pre',
        greatest(-lag_months, first_index),
        case
            when is_paired then least(post_length - 1, last_index) - lag_months
            else least(pre_length - 1 - lag_months, last_index)
        end
    from widths
    cross join life
    union all
    select 'earlier', -2 * lag_months, pre_length - 1 - 2 * lag_months
    from widths
    union all
    select 'trend', -gap_months - {{ trend_months() }}, -gap_months - 1
    from widths
),

statistics as (
    select
        bounds.role,
        coalesce(greatest(0, max(bounds.last_index) - max(bounds.first_index) + 1), 0) as n_months,
        {{ window_statistics() | indent(8) }}
    from bounds
    left join known on known.month_index between bounds.first_index and bounds.last_index
    group by bounds.role
),

windows as (
    select
        widths.*,
        subject.frequency,
        subject.log_allowed,
        widths.cut_month is not null and coalesce(subject.frequency, '') = 'monthly' as is_comparable,
        {{ add_months('widths.cut_month', '-widths.lag_months') }} as pre_start,
        {{ add_months('widths.cut_month', 'widths.pre_length - 1 - widths.lag_months') }} as pre_end,
        widths.cut_month as post_start,
        {{ add_months('widths.cut_month', 'widths.post_length - 1') }} as post_end,
        {{ windows_side_by_side() | indent(8) }}
    from widths
    left join subject on widths.series_id = subject.series_id
    cross join (select * from statistics where role = 'pre') as pre
    cross join (select * from statistics where role = 'post') as post
    cross join (select * from statistics where role = 'earlier') as earlier
    cross join (select * from statistics where role = 'trend') as trend
),

compared as (
    {{ compare_windows('windows') | indent(4) }}
),

-- months from the cut asked for to the events and episodes that can stand in the way
distances as (
    select
        other.event_id,
        {{ months_between('compared.cut_month', 'other.cut_month') }} as distance
    from compared
    cross join dim_event as other
    where other.in_report
),

touching as (
    select
        episode.episode_id,
        {{ months_between('compared.cut_month', month_start('episode.starts_on')) }} as first_index,
        {{ months_between('compared.cut_month', "coalesce(episode.ends_on, date '9999-12-31')") }} as last_index
    from compared
    inner join subject on compared.series_id = subject.series_id
    inner join dim_episode as episode on {{ episode_applies('episode', 'subject') }}
),

-- the months that the comparison really has, counted from the cut: placebo windows are as long
spans as (
    select
        max(case when role = 'pre' then first_index end) as pre_first,
        max(case when role = 'pre' then last_index end) as pre_last,
        max(case when role = 'post' then first_index end) as post_first,
        max(case when role = 'post' then last_index end) as post_last
    from bounds
),

-- every month with a value as a cut, `shift` months from the one asked for
shifted as (
    select
        cuts.month_index as shift,
        sum(case when known.month_index >= spans.post_first + cuts.month_index then 1 else 0 end) as n_post,
        count(*) as n_both,
        min(known.value) as min_level,
        avg(case when known.month_index >= spans.post_first + cuts.month_index then known.value end)
        - avg(case when known.month_index <= spans.pre_last + cuts.month_index then known.value end) as d_level,
        avg(case when known.month_index >= spans.post_first + cuts.month_index then known.log_value end)
        - avg(case when known.month_index <= spans.pre_last + cuts.month_index then known.log_value end) as d_log
    from known as cuts
    cross join spans
    inner join known
        on known.month_index between spans.pre_first + cuts.month_index and spans.post_last + cuts.month_index
        and (
            known.month_index <= spans.pre_last + cuts.month_index
            or known.month_index >= spans.post_first + cuts.month_index
        )
    group by cuts.month_index
),

placebo_cuts as (
    select
        {{ add_months('compared.cut_month', 'shifted.shift') }} as placebo_month,
        case when compared.scale = 'log' then shifted.d_log else shifted.d_level end as statistic
    from shifted
    cross join spans
    cross join compared
    inner join subject on compared.series_id = subject.series_id
    where compared.is_complete
        and shifted.n_post = spans.post_last - spans.post_first + 1
        and shifted.n_both - shifted.n_post = spans.pre_last - spans.pre_first + 1
        and (subject.log_allowed and shifted.min_level > 0) = (compared.scale = 'log')
        and abs(shifted.shift) >= {{ placebo_distance() }}
        and not exists (
            select 1 from distances
            where abs(distances.distance - shifted.shift) < compared.window_months
        )
        and not exists (
            select 1 from touching
            where (touching.first_index <= spans.pre_last + shifted.shift and touching.last_index >= spans.pre_first + shifted.shift)
                or (touching.first_index <= spans.post_last + shifted.shift and touching.last_index >= spans.post_first + shifted.shift)
        )
)
{%- endmacro %}

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
    where (touching.first_index <= spans.pre_last and touching.last_index >= spans.pre_first)
        or (touching.first_index <= spans.post_last and touching.last_index >= spans.post_first)
),

centre as (
    select
        count(*) as n_placebo,
        median(statistic) as middle
    from placebo_cuts
),

standing as (
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
        {{ quantile('abs(placebo_cuts.statistic - centre.middle)', 0.95) }} as mde95
    from centre
    cross join (select case when scale = 'log' then d_log else d_level end as statistic from compared) as effect
    left join placebo_cuts on true
),

-- the same months as each was first published
first_known as (
    select
        count(case when vintage.month_index <= spans.pre_last then 1 end) as n_pre,
        count(case when vintage.month_index >= spans.post_first then 1 end) as n_post,
        min(vintage.value) as min_level,
        avg(case when vintage.month_index >= spans.post_first then vintage.value end)
        - avg(case when vintage.month_index <= spans.pre_last then vintage.value end) as d_level,
        avg(case when vintage.month_index >= spans.post_first then vintage.log_value end)
        - avg(case when vintage.month_index <= spans.pre_last then vintage.log_value end) as d_log
    from spans
    inner join (
        select
            {{ months_between('widths.cut_month', 'numbers.period_start') }} as month_index,
            numbers.value,
            case when numbers.value > 0 then ln(numbers.value) end as log_value
        from (
            select
                period_start,
                value,
                row_number() over (partition by period_start order by known_from) as place
            from fct_observation_vintage
            where series_id = cast(series as varchar) and frequency = 'monthly' and value is not null
        ) as numbers
        cross join widths
        where numbers.place = 1
    ) as vintage
        on vintage.month_index between spans.pre_first and spans.post_last
        and (vintage.month_index <= spans.pre_last or vintage.month_index >= spans.post_first)
),

-- the threshold is of the width and gap of the reports nearest to what was asked for
calibration as (
    select
        max(rank_threshold) as rank_threshold,
        max(case when series_id = cast(series as varchar) and n_blocks >= {{ min_placebo_blocks() }} then false_alarm_rate end)
            as false_alarm_rate,
        max(case when series_id = cast(series as varchar) and n_blocks >= {{ min_placebo_blocks() }} then welch_rate end)
            as welch_false_alarm_rate
    from (
        select
            measured.series_id,
            measured.n_blocks,
            measured.rank_threshold,
            case when measured.method = 'placebo_rank_calibrated' then measured.false_alarm_rate end as false_alarm_rate,
            case when measured.method = 'welch' then measured.false_alarm_rate end as welch_rate,
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

-- a false discovery rate is of a family of comparisons, which a comparison of its own is not
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
        and widths.post_months_asked = widths.window_months
),

joined as (
    select
        compared.* exclude (as_of),
        compared.as_of,
        compared.pre_mean is not null as is_computable,
        overlap.n_other_events,
        overlap.max_shared_post_share,
        episodes.episodes_in_window,
        episodes.episodes_in_window is null as is_clean,
        cast(coalesce(standing.n_placebo, 0) as integer) as n_placebo,
        standing.deviation,
        standing.typical,
        case when standing.n_placebo >= {{ min_placebo_cuts() }} then standing.mde95 end as mde95,
        case
            when standing.n_placebo >= {{ min_placebo_cuts() }}
                then {{ placebo_rank('standing.n_as_far', 'standing.n_placebo') }}
        end as placebo_rank,
        case
            when standing.n_placebo >= {{ min_placebo_cuts() }} then {{ placebo_rank('0', 'standing.n_placebo') }}
        end as rank_floor,
        {{ placebo_blocks('coalesce(standing.n_placebo, 0)') }} as n_blocks,
        calibration.rank_threshold,
        calibration.false_alarm_rate,
        calibration.welch_false_alarm_rate,
        reported.family_id,
        reported.family_size,
        reported.bh_min_hits,
        reported.q_bh,
        reported.q_by,
        case
            when first_known.n_pre < compared.n_pre or first_known.n_post < compared.n_post then null
            when compared.scale = 'log' and first_known.min_level > 0 then compared.d_log - first_known.d_log
            when compared.scale = 'level' and not (subject.log_allowed and first_known.min_level > 0)
                then compared.d_level - first_known.d_level
        end as revision_effect
    from compared
    cross join overlap
    cross join episodes
    cross join standing
    cross join calibration
    cross join first_known
    left join reported on true
    left join subject on compared.series_id = subject.series_id
),

judged as (
    select
        *,
        {{ verdict(
            'is_computable', 'is_clean', 'max_shared_post_share', 'preliminary_months', 'n_blocks',
            'placebo_rank <= rank_threshold'
        ) | indent(8) }} as verdict_of_rule
    from joined
),

answer as (
    select
        event_id,
        series_id,
        window_months,
        gap_months,
        case when on_date is null then 'latest' else 'on_date' end as as_of_basis,
        as_of,
        cut_month,
        pre_start,
        pre_end,
        post_start,
        post_end,
        n_pre,
        n_post,
        scale,
        pre_mean,
        post_mean,
        d_level,
        d_log,
        pct_change,
        second_diff,
        trend_dev,
        std_diff,
        welch_t,
        welch_df,
        case when is_clean then placebo_rank end as placebo_rank,
        n_placebo,
        n_blocks,
        rank_floor,
        rank_threshold,
        case when is_clean and placebo_rank is not null then deviation / nullif({{ mad_to_sd() }} * typical, 0) end as z_mad,
        mde95,
        family_id,
        family_size,
        bh_min_hits,
        q_bh,
        q_by,
        -- what stands in the way is unknown as long as the event or the series is
        case when cut_month is not null then cast(n_other_events as integer) end as n_other_events,
        case when cut_month is not null then max_shared_post_share end as max_shared_post_share,
        cluster_id,
        case when cut_month is not null then max_shared_post_share <= {{ max_shared_share() }} end as identified,
        case when is_comparable then coalesce(episodes_in_window, {{ empty_list() }}) end as episodes_in_window,
        case when is_comparable then is_clean end as event_clean,
        preliminary_months,
        false_alarm_rate,
        welch_false_alarm_rate,
        revision_effect,
        verdict_of_rule as verdict,
        case
            when least(window_months, post_months_asked) < 1 or gap_months < 0
                then 'months must be at least 1 and gap at least 0'
            when frequency is null then 'series is unknown'
            when frequency <> 'monthly' then 'series is not monthly'
            when cut_month is null then 'event is neither an event_id nor an ISO date'
            when pre_n_months = 0 or post_n_months = 0 then 'no month of a window is known'
            when not is_complete then {{ reason_missing_month() }}
            when n_post < post_months_asked or n_pre < case when is_paired then post_months_asked else window_months end
                then concat_ws(
                    '; ',
                    'window is shorter than asked',
                    {{ verdict_reason('verdict_of_rule', 'null', "'an episode touches a window'") | indent(20) }}
                )
            else {{ verdict_reason('verdict_of_rule', 'null', "'an episode touches a window'") | indent(12) }}
        end as reason
    from judged
)

select
    {%- for column in before_after_columns() %}
    {{ column }},
    {%- endfor %}
    reason
from answer
{%- endmacro %}

{% macro placebo_body() -%}
with {{ comparison_steps() }},

-- the cut asked for, and every month without a known event
cuts as (
    select
        cut_month,
        case when scale = 'log' then d_log else d_level end as difference,
        true as is_event
    from compared
    where is_complete
    union all
    select
        placebo_month,
        statistic,
        false
    from placebo_cuts
),

centre as (
    select median(statistic) as middle
    from placebo_cuts
)

select
    compared.event_id,
    compared.series_id,
    compared.window_months,
    compared.gap_months,
    cuts.cut_month,
    compared.scale,
    cuts.difference,
    centre.middle as placebo_median,
    cuts.is_event
from cuts
cross join centre
cross join compared
order by cuts.cut_month
{%- endmacro %}
