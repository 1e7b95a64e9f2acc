{# The comparison that was requested, judged like a row of rpt_before_after: its rank, its rivals, its verdict. #}
{% macro before_after_body() -%}
with {{ comparison_steps() }},

-- months from the requested cut to the other acts of the user's own that reach the series, where it is about one of these
own_distances as (
    select
        other.event_id,
        {{ months_between('compared.cut_month', 'other.cut_month') }} as distance
    from compared
    inner join dim_event as mine on compared.event_id = mine.event_id and {{ is_own('mine') }}
    inner join dim_event as other on mine.event_id <> other.event_id and {{ is_own('other') }}
    where other.in_report
        and other.event_class = 'act'
        and other.event_id in (select event_id from rpt_event_exposure where series_id = cast(series as varchar))
),

-- An act that reaches the series is one treatment with the acts of its cut month. Any other event, and a bare date, has them in its way.
rivals as (
    select
        distances.event_id,
        distances.distance,
        {{ shared_post_share('compared.post_length', 'distances.distance') }} as shared
    from compared
    inner join (
        select event_id, distance from distances
        union all
        select event_id, distance from own_distances
    ) as distances
        on compared.event_id <> distances.event_id
        and not (distances.distance = 0 and compared.event_class is not distinct from 'act' and compared.event_id in (select event_id from reaching))
        and {{ cut_in_windows('distances.distance', 'compared.post_length', 'compared.lag_months') }}
),

overlap as (
    select
        cast(count(*) as integer) as n_other_events,
        coalesce(max(shared), 0) as max_shared_post_share,
        {{ sorted_list_where('event_id', 'shared > ' ~ max_shared_share()) }} as rival_event_ids,
        {{ sorted_list_where('event_id', 'true') }} as rivals_in_windows
    from rivals
),

overlap_any as (
    select cast(count(other.event_id) as integer) as n_other_events_any
    from compared
    left join dim_event as asked on compared.event_id = asked.event_id
    inner join dim_event as other
        on other.in_report
        and compared.event_id <> other.event_id
        and (not {{ is_own('other') }} or {{ is_own('asked') }})
        and {{ cut_in_windows(
            months_between('compared.cut_month', 'other.cut_month'), 'compared.post_length', 'compared.lag_months'
        ) | indent(8) }}
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
        any_value(centre.middle) as middle,
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
        enough.mde95,
        enough.centre,
        enough.typical_distance
    from distances_from_centre as counted
    left join (
        select
            {{ placebo_rank('n_as_far', 'n_placebo') }} as placebo_rank,
            {{ placebo_rank('0', 'n_placebo') }} as rank_floor,
            {{ robust_z('deviation', 'typical') }} as z_mad,
            mde95,
            middle as centre,
            {{ mad_to_sd() }} * typical as typical_distance
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
            and not exists (select 1 from left_out where left_out.own_index = first_numbers.month_index)
    ) as difference
    cross join compared
),

-- the thresholds and rates are those of the width and gap of the reports nearest to the requested ones
calibration as (
    select
        max(rank_threshold) as rank_threshold,
        max(z_threshold) as z_threshold,
        max(window_months) as judged_window,
        {{ measured_rates('series_id = cast(series as varchar) and n_blocks >= ' ~ min_placebo_blocks()) | indent(8) }},
        {%- for scope, method in [('own', 'placebo_rank_calibrated_by_family'), ('pooled', 'placebo_range_pooled_by_family')] %}
        {%- for column in ['false_alarm_rate', 'false_alarm_se', 'n_pseudo_events'] %}
        max(case when method = '{{ method }}' and is_of_family then {{ column }} end) as {{ scope }}_{{ column }}
        {{- ',' if not (scope == 'pooled' and loop.last) }}
        {%- endfor %}
        {%- endfor %}
    from (
        select
            measured.*,
            measured.era = 'all' and measured.family_id = subject.family_id as is_of_family,
            rank() over (
                order by
                    abs(measured.window_months - widths.window_months),
                    abs(measured.gap_months - widths.gap_months),
                    measured.window_months,
                    measured.gap_months
            ) as place
        from rpt_method_calibration as measured
        cross join widths
        left join subject on widths.series_id = subject.series_id
        where measured.method in (
            'placebo_rank_calibrated', 'welch', 'placebo_rank_calibrated_by_family', 'placebo_range_pooled_by_family'
        )
    ) as placed
    where place = 1
),

-- which range the comparison is held against, and how far it reaches
usual as (
    select
        pools.*,
        {{ scope_of_range('pool', 'n_pool', 'rank_threshold', 'z_threshold', 'family_false_alarm_rate', 'n_family_dates') | indent(8) }} as scope_of_range,
        {{ withheld_because('judged_window', 'pool', 'family_false_alarm_rate', 'n_family_dates') | indent(8) }} as withheld_because,
        case
            when judged_window not in {{ in_list(judged_windows()) }} then null
            when pool = 'own' then (
                select distance from (
                    select
                        abs(placebo_cuts.statistic - centre.middle) as distance,
                        row_number() over (order by abs(placebo_cuts.statistic - centre.middle) desc) as place
                    from placebo_cuts
                    cross join centre
                ) as far
                where far.place = cast(floor(pools.rank_threshold * (1 + pools.n_pool) + 1e-9) as integer)
            )
            when pool = 'pooled' then z_threshold * pool_typical
        end as distance_at_threshold
    from (
        select
            rank_threshold,
            z_threshold,
            judged_window,
            n_placebo as n_pool,
            typical_distance as pool_typical,
            pool,
            case pool when 'own' then own_false_alarm_rate when 'pooled' then pooled_false_alarm_rate end as family_false_alarm_rate,
            case pool when 'own' then own_false_alarm_se when 'pooled' then pooled_false_alarm_se end as family_false_alarm_se,
            case pool when 'own' then own_n_pseudo_events when 'pooled' then pooled_n_pseudo_events end as n_family_dates
        from (
            select
                *,
                case
                    when n_placebo >= {{ min_placebo_blocks() * placebo_block() }} then 'own'
                    when n_placebo >= {{ min_placebo_cuts() }} then 'pooled'
                end as pool
            from standing
            cross join calibration
        ) as counted
    ) as pools
),

-- A false discovery rate belongs to a family of comparisons. Only a comparison that stands in the report is a member of one.
reported as (
    select
        report.family_id,
        report.family_size,
        report.bh_min_hits,
        report.q_bh,
        report.q_by,
        report.share_outside,
        report.share_outside_rank
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
        {%- for column in ['n_other_events', 'max_shared_post_share', 'rival_event_ids', 'rivals_in_windows'] %}
        case when compared.cut_month is not null then overlap.{{ column }} end as {{ column }},
        {%- endfor %}
        case when compared.cut_month is not null then overlap_any.n_other_events_any end as n_other_events_any,
        case
            when compared.cut_month is not null
                then compared.event_class is distinct from 'talk' and overlap.max_shared_post_share <= {{ max_shared_share() }}
        end as identified,
        {{ not_identified_because('compared.event_class', 'compared.cluster_id') | indent(8) }} as not_identified_because,
        {{ treatment_of_event('compared.event_id in (select event_id from reaching)', 'compared') | indent(8) }} as treatment_id,
        case when compared.is_comparable then coalesce(episodes.episodes_in_window, {{ empty_list() }}) end as episodes_in_window,
        case when compared.is_comparable then episodes.episodes_in_window is null end as event_clean,
        standing.n_placebo,
        {{ placebo_blocks('standing.n_placebo') }} as n_blocks,
        standing.mde95,
        -- Placebo cuts touch no episode. A comparison that does touch one is not of their kind and has no rank among them.
        case when episodes.episodes_in_window is null then standing.placebo_rank end as placebo_rank,
        case when episodes.episodes_in_window is null then standing.z_mad end as z_mad,
        standing.rank_floor,
        standing.centre,
        calibration.false_alarm_rate,
        calibration.welch_false_alarm_rate,
        usual.rank_threshold,
        usual.z_threshold,
        usual.scope_of_range,
        usual.withheld_because,
        usual.distance_at_threshold,
        usual.family_false_alarm_rate,
        usual.family_false_alarm_se,
        {{ far_out(
            'usual.pool',
            'case when episodes.episodes_in_window is null then standing.placebo_rank end', 'usual.rank_threshold',
            'case when episodes.episodes_in_window is null then standing.z_mad end', 'usual.z_threshold'
        ) | indent(8) }} as is_far_out,
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
    cross join usual
    cross join overlap_any
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
            and (
                n_post + n_post_left_out < post_months_requested
                or n_pre + n_pre_left_out < case when is_paired then post_months_requested else window_months end
            )
            then concat_ws('; ', 'window is shorter than asked', {{ reason_of_verdict() | indent(12) }})
        else {{ reason_of_verdict() | indent(8) }}
    end as reason
from judged
{%- endmacro %}
