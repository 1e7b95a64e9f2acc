-- How often controls and forecasts call a date without an event unusual, for all series of a family together, and how sure that is, as
-- int_family_calibration says it of the placebo rank. A single series has half a dozen separate stretches, so that its own rate is
-- chance. Alarms come in waves, so the standard error counts stretches of 24 months and not dates. Answers take the gaps 0 and 1.
with alarms as (
    select
        'difference_in_differences' as design,
        family.family_id,
        standing.window_months,
        standing.gap_months,
        standing.cut_month,
        standing.placebo_rank <= levels.rank_threshold as fires
    from {{ ref('int_difference_standing') }} as standing
    inner join {{ ref('int_series_family') }} as family on standing.treated_series_id = family.series_id
    inner join {{ ref('int_rank_threshold') }} as levels
        on levels.comparison = 'difference_in_differences'
        and standing.window_months = levels.window_months
        and standing.gap_months = levels.gap_months
        and {{ calibration_half('standing.cut_month') }} = levels.for_half
    where standing.is_placebo
        and standing.gap_months in {{ in_list([0, own_month_gap()]) }}
        and standing.n_blocks >= {{ min_placebo_blocks() }}
        -- only dates that pass the gate on the drift before, as only such comparisons get a verdict
        and abs(standing.pretrend_bias)
            <= {{ threshold_distance('standing.far_distances', 'levels.rank_threshold', 'standing.n_placebo') | indent(12) }}
    union all
    -- A forecast fires where what came lies outside its calibrated interval. The interval of each series was widened until it just reaches one
    -- of these dates, which is inside: without the margin, rounding would decide.
    select
        'forecast',
        family.family_id,
        compared.months,
        compared.gap_months,
        compared.cut_month,
        abs(compared.actual - compared.expected) > calibration.scale * compared.half_width * (1 + {{ rounding() }})
    from {{ ref('int_counterfactual') }} as compared
    inner join {{ ref('int_counterfactual_calibration') }} as calibration
        on compared.model = calibration.model
        and compared.series_id = calibration.series_id
        and compared.gap_months = calibration.gap_months
        and compared.span = calibration.span
        and compared.months = calibration.months
    inner join {{ ref('int_series_family') }} as family on compared.series_id = family.series_id
    where compared.span = 'window' and compared.gap_months in {{ in_list([0, own_month_gap()]) }} and compared.is_origin and calibration.scale is not null
),

-- a forecast is tried on dates that its interval was not widened with; counted here are its alarms by series
held_out as (
    select
        'forecast' as design,
        family.family_id,
        calibration.months as window_months,
        calibration.gap_months,
        sum(calibration.n_origins - calibration.inside_calibrated) as n_fired,
        sum(calibration.n_origins) as n_dates
    from {{ ref('int_counterfactual_calibration') }} as calibration
    inner join {{ ref('int_series_family') }} as family on calibration.series_id = family.series_id
    where calibration.span = 'window' and calibration.gap_months in {{ in_list([0, own_month_gap()]) }} and calibration.inside_calibrated is not null
    group by family.family_id, calibration.months, calibration.gap_months
),

rates as (
    select
        design,
        family_id,
        window_months,
        gap_months,
        cast(count(*) as integer) as n_dates,
        avg(cast(fires as integer)) as rate
    from alarms
    where fires is not null
    group by design, family_id, window_months, gap_months
),

stretches as (
    select
        alarms.design,
        alarms.family_id,
        alarms.window_months,
        alarms.gap_months,
        {{ stretch('alarms.cut_month') }} as stretch,
        sum(cast(alarms.fires as integer) - rates.rate) as excess
    from alarms
    inner join rates
        on alarms.design = rates.design
        and alarms.family_id = rates.family_id
        and alarms.window_months = rates.window_months
        and alarms.gap_months = rates.gap_months
    where alarms.fires is not null
    group by all
)

select
    rates.design,
    rates.family_id,
    rates.window_months,
    rates.gap_months,
    rates.n_dates,
    cast(count(*) as integer) as n_stretches,
    coalesce(any_value(held_out.n_fired) / any_value(held_out.n_dates), any_value(rates.rate)) as false_alarm_rate,
    -- with one stretch nothing is known of how rates differ between stretches
    case
        when count(*) > 1
            then sqrt(sum(stretches.excess * stretches.excess) * count(*) / (count(*) - 1)) / any_value(rates.n_dates)
    end as false_alarm_se
from rates
inner join stretches
    on rates.design = stretches.design
    and rates.family_id = stretches.family_id
    and rates.window_months = stretches.window_months
    and rates.gap_months = stretches.gap_months
left join held_out
    on rates.design = held_out.design
    and rates.family_id = held_out.family_id
    and rates.window_months = held_out.window_months
    and rates.gap_months = held_out.gap_months
group by rates.design, rates.family_id, rates.window_months, rates.gap_months, rates.n_dates
-- a rate of a few dates, or of a few stretches, would say little
having rates.n_dates >= {{ min_placebo_cuts() }} and count(*) >= {{ min_placebo_blocks() }}
order by rates.design, rates.family_id, rates.window_months, rates.gap_months
