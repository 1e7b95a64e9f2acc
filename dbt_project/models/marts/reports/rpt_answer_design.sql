{{ config(meta={'by_series': ['int_series_treatment', 'dim_series', 'int_series_family', 'rpt_before_after', 'rpt_cluster_before_after', 'int_series_episode', 'rpt_difference_in_differences', 'rpt_counterfactual_effect', 'rpt_event_exposure']}) }}
-- One row is what a design says about a question, or what stands in its way. A question is a treatment, a series that it reaches and a
-- width; the cut lies within the life of the series. The rule of choice stands in macros/answers.sql. Each question is asked with its default
-- gap, which leaves out the own month of an act inside a month, and again with that month kept; only the former is answered.
with pairs as (
    select
        treatment_id,
        series_id,
        scope,
        -- of acts that are one treatment, one inside a month is enough: its month is partly before and partly after
        max(default_gap_months) as default_gap_months
    from {{ ref('int_series_treatment') }}
    group by treatment_id, series_id, scope
),

treatments as (
    select distinct
        treatment_id,
        case
            when scope = 'act' then cast(substr(treatment_id, length('act-') + 1) || '-01' as date)
            else phases.start_month
        end as cut_month
    from pairs
    left join {{ ref('int_cluster_start') }} as phases on pairs.treatment_id = concat('phase-', phases.cluster_id)
),

questions as (
    select
        pairs.treatment_id,
        pairs.series_id,
        pairs.scope,
        treatments.cut_month,
        widths.window_months,
        gaps.gap_months,
        gaps.gap_months = pairs.default_gap_months as is_default_gap,
        {{ lag_months('widths.window_months', 'gaps.gap_months') }} as lag_months,
        series.first_period,
        series.last_period,
        family.family_id
    from pairs
    inner join treatments on pairs.treatment_id = treatments.treatment_id
    inner join {{ ref('dim_series') }} as series on pairs.series_id = series.series_id
    left join {{ ref('int_series_family') }} as family on pairs.series_id = family.series_id
    cross join (select distinct window_months from ({{ report_grid() }}) as grid) as widths
    inner join (select 0 as gap_months union all select {{ own_month_gap() }}) as gaps
        on gaps.gap_months = 0 or gaps.gap_months = pairs.default_gap_months
    where series.frequency = 'monthly'
        and treatments.cut_month > series.first_period
        and treatments.cut_month <= series.last_period
),

-- Several events make one treatment, and each has the row of the comparison.
{%- set of_comparison = [
    'series_id', 'window_months', 'gap_months', 'months_left_out', 'cut_month', 'as_of', 'scale', 'd_log', 'd_level', 'n_blocks', 'centre', 'distance_at_threshold',
    'scope_of_range', 'max_shared_post_share', 'event_clean', 'preliminary_months', 'verdict', 'reason', 'family_false_alarm_rate',
    'family_false_alarm_se',
] %}
compared as (
    select * from (
        select
            treatment_id,
            {{ of_comparison | join(', ') }},
            row_number() over (partition by treatment_id, series_id, window_months, gap_months order by event_id) as place
        from {{ ref('rpt_before_after') }}
        where gap_months in {{ in_list([0, own_month_gap()]) }} and as_of_basis = 'latest' and treatment_id like 'act-%'
        union all
        select
            treatment_id,
            {{ of_comparison | join(', ') }},
            1
        from {{ ref('rpt_cluster_before_after') }}
        where gap_months in {{ in_list([0, own_month_gap()]) }} and as_of_basis = 'latest'
    ) as each_event
    where place = 1
),

-- what every design of one series meets: unusual months of both windows, other acts, months that may be revised
met as (
    select
        questions.*,
        compared.treatment_id is not null as is_compared,
        compared.months_left_out,
        compared.as_of,
        compared.scale,
        coalesce(compared.d_log, compared.d_level) as difference,
        coalesce(compared.d_log, compared.d_level) is not null as d_is_known,
        compared.n_blocks,
        compared.centre,
        compared.distance_at_threshold,
        compared.scope_of_range,
        compared.family_false_alarm_rate as false_alarm_rate,
        compared.family_false_alarm_se as false_alarm_se,
        compared.verdict,
        compared.event_clean,
        compared.reason,
        coalesce(compared.max_shared_post_share, 0) > {{ max_shared_share() }} as is_overlapping,
        coalesce(compared.preliminary_months, 0) > 0 as is_preliminary,
        questions.window_months not in {{ in_list(judged_windows()) }} as is_descriptive
    from questions
    left join compared
        on questions.treatment_id = compared.treatment_id
        and questions.series_id = compared.series_id
        and questions.window_months = compared.window_months
        and questions.gap_months = compared.gap_months
),

-- kinds of unusual months, in both windows and in the one after alone, which is all that a forecast looks at
windows as (
    select
        treatment_id,
        series_id,
        window_months,
        gap_months,
        {{ add_months('cut_month', '-lag_months') }} as pre_start,
        {{ add_months('cut_month', 'window_months - 1 - lag_months') }} as pre_end,
        cut_month as post_start,
        {{ add_months('cut_month', 'window_months - 1') }} as post_end
    from questions
),

unusual as (
    select
        windows.treatment_id,
        windows.series_id,
        windows.window_months,
        windows.gap_months,
        {{ sorted_list('kind.blocker') }} as kinds,
        coalesce(
            {{ sorted_list('kind.blocker') }} filter (
                where episode.first_month <= windows.post_end and episode.last_month >= windows.post_start
            ),
            {{ empty_list() }}
        ) as kinds_after
    from windows
    inner join {{ ref('int_series_episode') }} as episode
        on windows.series_id = episode.series_id
        and {{ touches_windows(
            'episode.first_month', 'episode.last_month',
            'windows.pre_start', 'windows.pre_end', 'windows.post_start', 'windows.post_end'
        ) | indent(8) }}
    inner join {{ ref('stg_answer_episode') }} as kind on episode.episode_id = kind.episode_id
    group by windows.treatment_id, windows.series_id, windows.window_months, windows.gap_months
),

rates as (
    select
        *,
        n_dates >= {{ min_family_dates() }} and false_alarm_rate > {{ max_family_rate() }} as is_miscalibrated
    from {{ ref('int_alarm_rate') }}
),

by_rank as (
    select
        met.*,
        'own_past' as variant,
        0 as variant_place,
        difference as estimate,
        {{ merged_list(
            "case
                -- a lapse of the agencies counts only where so many months have no value that nothing is compared
                when is_compared and not d_is_known
                    then list_filter(unusual.kinds, lambda kind: kind = 'data_gap' or not event_clean)
                when not is_compared or not event_clean then list_filter(unusual.kinds, lambda kind: kind <> 'data_gap')
            end",
            blockers_where({
                'before_start': 'not is_compared and ' ~ add_months('cut_month', '-lag_months') ~ ' < first_period',
                'too_recent': 'not is_compared and ' ~ add_months('cut_month', 'window_months - 1') ~ ' > last_period',
                'missing_month': "reason = " ~ reason_missing_month(),
                'not_positive': "reason = " ~ reason_not_positive(),
                'overlap': 'is_overlapping',
                'preliminary': 'is_preliminary',
                'history': 'is_compared and d_is_known and scope_of_range is null and not is_descriptive',
                'miscalibrated': 'reason = ' ~ reason_family_errs(),
                'descriptive_width': 'is_descriptive',
            })
        ) }} as found
    from met
    left join unusual using (treatment_id, series_id, window_months, gap_months)
),

ranked as (
    select
        by_rank.* exclude (found),
        -- The report's own verdict is what counts: where it gives none and none of these is why, no method answers.
        case
            when len(found) > 0 or verdict in ('outside_usual_range', 'within_usual_range') then found
            else ['no_design']
        end as blockers
    from by_rank
),

-- the comparison with controls and the forecast are of the cut, whichever event of the treatment they were made for
differences as (
    select * from (
        select
            difference.*,
            event.cut_month,
            row_number() over (
                partition by
                    difference.treated_series_id, difference.control_set_id, difference.window_months, difference.gap_months,
                    event.cut_month
                order by difference.event_id
            ) as place
        from {{ ref('rpt_difference_in_differences') }} as difference
        inner join {{ ref('dim_event') }} as event on difference.event_id = event.event_id and not {{ is_own('event') }}
        where difference.gap_months in {{ in_list([0, own_month_gap()]) }}
    ) as each_event
    where place = 1
),

by_difference as (
    select
        met.* exclude (
            months_left_out, scale, n_blocks, centre, distance_at_threshold, as_of, event_clean, false_alarm_rate, false_alarm_se
        ),
        differences.months_left_out,
        differences.control_set_id as variant,
        0 as variant_place,
        'log' as scale,
        differences.did as estimate,
        differences.n_blocks,
        differences.centre,
        differences.distance_at_threshold,
        rates.false_alarm_rate,
        rates.false_alarm_se,
        differences.as_of,
        {{ merged_list(
            'case when not differences.event_clean then unusual.kinds end',
            blockers_where({
                'missing_month': 'differences.did is null',
                'control_disturbed': 'not differences.event_clean and len(coalesce(unusual.kinds, ' ~ empty_list() ~ ')) = 0',
                'overlap': 'is_overlapping',
                'preliminary': 'is_preliminary',
                'pretrend': 'abs(differences.pretrend_bias) > differences.distance_at_threshold',
                'history': 'differences.did is not null and not is_descriptive and (differences.distance_at_threshold is null'
                    ~ ' or differences.pretrend_bias is null or differences.n_blocks < ' ~ min_placebo_blocks() ~ ')',
                'miscalibrated': 'rates.is_miscalibrated',
                'descriptive_width': 'is_descriptive',
            })
        ) }} as blockers
    from met
    inner join differences
        on met.series_id = differences.treated_series_id
        and met.cut_month = differences.cut_month
        and met.window_months = differences.window_months
        and met.gap_months = differences.gap_months
    left join unusual
        on met.treatment_id = unusual.treatment_id
        and met.series_id = unusual.series_id
        and met.window_months = unusual.window_months
        and met.gap_months = unusual.gap_months
    left join rates
        on rates.design = 'difference_in_differences'
        and met.family_id = rates.family_id
        and met.window_months = rates.window_months
        and met.gap_months = rates.gap_months
),

forecasts as (
    select * from (
        select
            *,
            row_number() over (partition by series_id, model, window_months, gap_months, cut_month order by event_id) as place
        from {{ ref('rpt_counterfactual_effect') }}
        where event_id in (select event.event_id from {{ ref('dim_event') }} as event where not {{ is_own('event') }})
            and gap_months in {{ in_list([0, own_month_gap()]) }}
    ) as each_event
    where place = 1
),

by_forecast as (
    select
        met.* exclude (
            months_left_out, scale, n_blocks, centre, distance_at_threshold, as_of, event_clean, false_alarm_rate, false_alarm_se
        ),
        -- a forecast of a mean is held against that mean, of which no month may be missing
        {{ empty_list() }} as months_left_out,
        forecasts.model as variant,
        0 as variant_place,
        forecasts.scale,
        forecasts.effect as estimate,
        forecasts.n_blocks,
        -- the forecast is what would have been usual, so that the usual effect is none
        cast(0 as double) as centre,
        -- From the end that is nearer to zero: an end of zero, where the estimate just reaches it, is kept exactly, while half of a width of
        -- eight digits may be less than the estimate.
        case
            when forecasts.effect < 0 then forecasts.upper95_calibrated - forecasts.effect
            else forecasts.effect - forecasts.lower95_calibrated
        end as distance_at_threshold,
        rates.false_alarm_rate,
        rates.false_alarm_se,
        met.as_of,
        {{ merged_list(
            'case
                -- months before the window count as well: a forecast that starts in an unusual month is none
                when not forecasts.event_clean and len(unusual.kinds_after) > 0 then unusual.kinds_after
                when not forecasts.event_clean then unusual.kinds
            end',
            blockers_where({
                'missing_month': "forecasts.effect is null and forecasts.expected_mean is not null",
                'history': 'forecasts.expected_mean is null or (forecasts.event_clean and forecasts.upper95_calibrated is null)',
                'overlap': 'is_overlapping',
                'preliminary': 'is_preliminary',
                'miscalibrated': 'rates.is_miscalibrated',
                'descriptive_width': 'is_descriptive',
            })
        ) }} as found,
        forecasts.event_clean
    from met
    inner join forecasts
        on met.series_id = forecasts.series_id
        and met.cut_month = forecasts.cut_month
        and met.window_months = forecasts.window_months
        and met.gap_months = forecasts.gap_months
    left join unusual
        on met.treatment_id = unusual.treatment_id
        and met.series_id = unusual.series_id
        and met.window_months = unusual.window_months
        and met.gap_months = unusual.gap_months
    left join rates
        on rates.design = 'forecast'
        and met.family_id = rates.family_id
        and met.window_months = rates.window_months
        and met.gap_months = rates.gap_months
),

-- A panel answers for trade in all goods of a country, whose goods under a measure it compares with others: of the event that its family is
-- about, and of the events from its quiet years to its cut whose measures are in its family.
panel_runs as (
    select
        run.*,
        panel.flow,
        family.event_id,
        family.measures,
        family.quiet_until,
        -- the fewer measures a family holds, the nearer it is to the question
        case when list_contains(family.measures, '*') then {{ many_measures() }} else len(family.measures) end as n_measures
    from {{ ref('rpt_panel_exposure') }} as run
    inner join {{ ref('stg_panel') }} as panel on run.panel_id = panel.panel_id
    inner join {{ ref('stg_panel_family') }} as family on run.family_id = family.family_id
    where run.is_primary and run.weighting = 'none'
),

panel_questions as (
    select distinct
        bridge.treatment_id,
        bridge.series_id,
        run.family_id,
        run.panel_id
    from {{ ref('bridge_event_treatment') }} as bridge
    inner join {{ ref('dim_event') }} as event on bridge.event_id = event.event_id
    inner join {{ ref('rpt_event_exposure') }} as exposure
        on bridge.event_id = exposure.event_id and bridge.series_id = exposure.series_id
    inner join {{ ref('dim_series') }} as series on bridge.series_id = series.series_id
    inner join panel_runs as run
        on series.flow = run.flow
        and (
            bridge.event_id = run.event_id
            or (
                event.cut_month > run.quiet_until
                and event.cut_month <= run.cut_month
                and (
                    list_has_any(exposure.measure_ids, run.measures)
                    or (list_contains(run.measures, '*') and len(exposure.measure_ids) > 0)
                )
            )
        )
    where series.geography_iso3 = 'USA'
        and series.measure = 'trade_value'
        and series.basis <> 'balance_of_payments'
        and series.product_code is null
        and series.industry_code is null
),

by_panel as (
    select
        met.* exclude (
            gap_months, months_left_out, cut_month, scale, n_blocks, centre, distance_at_threshold, as_of, event_clean, false_alarm_rate,
            false_alarm_se, verdict
        ),
        run.gap_months,
        {{ empty_list() }} as months_left_out,
        run.cut_month,
        concat(run.family_id, ' ', run.panel_id, ' ', run.exposure_kind) as variant,
        run.n_measures as variant_place,
        'log' as scale,
        run.effect_typical as estimate,
        {{ panel_range('run', 'centre') }} as centre,
        {{ panel_range('run', 'distance') }} as distance_at_threshold,
        alarm.false_alarm_rate,
        cast(null as double) as false_alarm_se,
        alarm.false_alarm_high,
        run.exposure_typical,
        run.n_blocks,
        cast(null as timestamp) as as_of,
        {{ panel_blockers('run', 'unusual.kinds', 'met.is_descriptive') | indent(8) }} as blockers,
        run.verdict = 'exposed_goods_moved' as is_outside
    from met
    inner join panel_questions as asked on met.treatment_id = asked.treatment_id and met.series_id = asked.series_id
    inner join panel_runs as run
        on asked.family_id = run.family_id
        and asked.panel_id = run.panel_id
        and met.window_months = run.window_months
    left join {{ ref('rpt_method_calibration') }} as alarm
        on alarm.method = 'panel_verdict'
        and run.family_id = alarm.family_id
        and run.panel_id = alarm.panel_id
        and run.window_months = alarm.window_months
        and run.gap_months = alarm.gap_months
    left join unusual
        on met.treatment_id = unusual.treatment_id
        and met.series_id = unusual.series_id
        and met.window_months = unusual.window_months
        and met.gap_months = unusual.gap_months
    where met.is_default_gap
),

-- The panel of states answers for the factory jobs of the country, whose states it compares with each other.
state_runs as (
    select
        run.*,
        family.event_id
    from {{ ref('rpt_state_exposure') }} as run
    inner join {{ ref('dim_panel_family') }} as family on run.family_id = family.family_id and family.compares = 'states'
    where run.as_of_basis = 'latest'
),

by_state as (
    select
        met.* exclude (
            gap_months, months_left_out, cut_month, scale, n_blocks, centre, distance_at_threshold, as_of, event_clean, false_alarm_rate,
            false_alarm_se, verdict
        ),
        run.gap_months,
        {{ empty_list() }} as months_left_out,
        run.cut_month,
        concat(run.family_id, ' ', strftime(run.cut_month, '%Y-%m'), ' ', run.exposure_kind) as variant,
        case when run.is_primary then 0 else 1 end as variant_place,
        'log' as scale,
        run.effect_typical as estimate,
        {{ panel_range('run', 'centre') }} as centre,
        {{ panel_range('run', 'distance') }} as distance_at_threshold,
        alarm.false_alarm_rate,
        cast(null as double) as false_alarm_se,
        alarm.false_alarm_high,
        run.exposure_typical,
        run.n_blocks,
        cast(null as timestamp) as as_of,
        {{ panel_blockers('run', 'unusual.kinds', 'met.is_descriptive') | indent(8) }} as blockers,
        run.verdict = 'exposed_states_moved' as is_outside
    from met
    inner join {{ ref('dim_series') }} as series on met.series_id = series.series_id
    inner join (select distinct treatment_id, event_id from {{ ref('bridge_event_treatment') }}) as bridge
        on met.treatment_id = bridge.treatment_id
    inner join state_runs as run on bridge.event_id = run.event_id and met.window_months = run.window_months
    left join {{ ref('rpt_method_calibration') }} as alarm
        on alarm.method = 'state_verdict'
        and run.family_id = alarm.family_id
        and run.panel_id = alarm.panel_id
        and run.exposure_kind = alarm.exposure_kind
        and run.window_months = alarm.window_months
        and run.gap_months = alarm.gap_months
    left join unusual
        on met.treatment_id = unusual.treatment_id
        and met.series_id = unusual.series_id
        and met.window_months = unusual.window_months
        and met.gap_months = unusual.gap_months
    where series.geography_iso3 = 'USA' and series.measure = 'employment' and series.industry_code = '31-33'
        and met.is_default_gap
),

offered as (
    {%- set shown = [
        'treatment_id', 'series_id', 'window_months', 'gap_months', 'is_default_gap', 'months_left_out', 'scope', 'cut_month', 'variant',
        'variant_place', 'scale', 'estimate', 'centre', 'distance_at_threshold', 'false_alarm_rate', 'false_alarm_se', 'n_blocks', 'as_of', 'blockers',
    ] %}
    {#- of panels alone #}
    {%- set of_series = 'cast(null as double) as false_alarm_high, cast(null as double) as exposure_typical' %}
    select
        'placebo_rank' as design,
        {{ shown | join(', ') }},
        {{ of_series }},
        verdict = 'outside_usual_range' as is_outside
    from ranked
    union all
    select
        'difference_in_differences',
        {{ shown | join(', ') }},
        {{ of_series }},
        abs(estimate - centre) > distance_at_threshold
    from by_difference
    union all
    select
        'forecast',
        {{ shown[:-1] | join(', ') }},
        case when not event_clean and len(found) = 0 then ['history'] else found end,
        {{ of_series }},
        abs(estimate - centre) > distance_at_threshold
    from by_forecast
    union all
    select 'panel', {{ shown | join(', ') }}, false_alarm_high, exposure_typical, is_outside from by_panel
    union all
    select 'state_panel', {{ shown | join(', ') }}, false_alarm_high, exposure_typical, is_outside from by_state
),

-- the dates that a usual range is taken from: what was usual in another era may not be today
eras as (
    select
        case
            when method like 'forecast_%' then 'forecast'
            when method like 'difference_%' then 'difference_in_differences'
            else 'placebo_rank'
        end as design,
        series_id,
        case method
            when 'forecast_arima_calibrated' then 'arima_110_drift_month'
            when 'forecast_uc_calibrated' then 'uc_local_linear_trend'
            else coalesce(control_set_id, 'own_past')
        end as variant,
        window_months,
        gap_months,
        first_cut,
        last_cut
    from {{ ref('rpt_method_calibration') }}
    where gap_months in {{ in_list([0, own_month_gap()]) }}
        and series_id is not null
        and method in (
            'placebo_rank_calibrated', 'difference_in_differences_rank_calibrated', 'forecast_arima_calibrated', 'forecast_uc_calibrated'
        )
),

-- a series that never varied has no usual range: any change at all would be outside it
ranged as (
    select
        * exclude (blockers),
        case
            when len(blockers) = 0 and not coalesce(distance_at_threshold > 0, false) then ['no_design']
            else blockers
        end as blockers
    from offered
),

judged as (
    select
        offered.*,
        design.place,
        eras.first_cut as range_first_cut,
        eras.last_cut as range_last_cut,
        len(offered.blockers) = 0 as is_available
    from ranged as offered
    inner join {{ ref('stg_answer_design') }} as design on offered.design = design.design
    left join eras
        on offered.design = eras.design
        and offered.series_id = eras.series_id
        and offered.variant = eras.variant
        and offered.window_months = eras.window_months
        and offered.gap_months = eras.gap_months
)

select
    treatment_id,
    series_id,
    window_months,
    gap_months,
    is_default_gap,
    -- panels and states have rules of their own, which their reports say
    case when gap_months = {{ own_month_gap() }} and design not in ({{ panel_designs() }}) then {{ add_months('cut_month', '-1') }} end
        as own_month_left_out,
    coalesce(months_left_out, {{ empty_list() }}) as months_left_out,
    design,
    variant,
    place,
    scope,
    cut_month,
    scale,
    estimate,
    centre as range_centre,
    range_first_cut,
    range_last_cut,
    centre - distance_at_threshold as usual_low,
    centre + distance_at_threshold as usual_high,
    distance_at_threshold,
    {{ as_percentage('estimate') }} as estimate_pct,
    {{ as_percentage('centre') }} as range_centre_pct,
    {{ as_percentage('centre - distance_at_threshold') }} as usual_low_pct,
    {{ as_percentage('centre + distance_at_threshold') }} as usual_high_pct,
    case
        when not is_available then null
        when is_outside then 'outside_usual_range'
        else 'within_usual_range'
    end as verdict,
    false_alarm_rate,
    false_alarm_se,
    false_alarm_high,
    n_blocks,
    exposure_typical,
    blockers,
    is_available,
    is_default_gap and is_available and row_number() over (
        partition by treatment_id, series_id, window_months, is_default_gap
        order by not is_available, {{ is_hardly_measured('design', 'n_blocks') }}, place, variant_place, variant
    ) = 1 as is_answer,
    as_of
from judged
