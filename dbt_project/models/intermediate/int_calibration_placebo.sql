{{ config(meta={'by_series': ['int_cut_standing', 'int_difference_standing', 'int_control_difference']}) }}
-- One row says how often a method calls a date without an event unusual, for one series, width and gap. The methods are Welch's test
-- and the placebo ranks.
with levels as (
    select * from {{ ref('int_rank_threshold') }}
),

differences as (
    select
        standing.series_id,
        cast(null as varchar) as control_set_id,
        standing.window_months,
        standing.gap_months,
        standing.cut_month,
        standing.n_blocks,
        standing.welch_fires,
        standing.placebo_rank <= {{ nominal_level() }} as rank_fires,
        standing.placebo_rank <= levels.rank_threshold as verdict_fires,
        cast(null as boolean) as gated_fires
    from {{ ref('int_cut_standing') }} as standing
    inner join levels
        on levels.comparison = 'before_after'
        and standing.window_months = levels.window_months
        and standing.gap_months = levels.gap_months
        and {{ calibration_half('standing.cut_month') }} = levels.for_half
    where standing.is_placebo and standing.as_of_basis = 'latest'
    union all
    select
        standing.treated_series_id,
        standing.control_set_id,
        standing.window_months,
        standing.gap_months,
        standing.cut_month,
        standing.n_blocks,
        cast(null as boolean),
        standing.placebo_rank <= {{ nominal_level() }},
        standing.placebo_rank <= levels.rank_threshold,
        -- dates whose earlier drift alone would pass the threshold get no verdict, and are not counted
        case
            when {{ drift_is_small(
                'standing.pretrend_bias', threshold_distance('standing.far_distances', 'levels.rank_threshold', 'standing.n_placebo')
            ) | indent(12) }}
                then standing.placebo_rank <= levels.rank_threshold
        end
    from {{ ref('int_difference_standing') }} as standing
    inner join levels
        on levels.comparison = 'difference_in_differences'
        and standing.window_months = levels.window_months
        and standing.gap_months = levels.gap_months
        and {{ calibration_half('standing.cut_month') }} = levels.for_half
    where standing.is_placebo
),

fired as (
    {%- for method, fires, of_pair in [
        ('welch', 'welch_fires', false),
        ('placebo_rank', 'rank_fires', false),
        ('placebo_rank_calibrated', 'verdict_fires', false),
        ('difference_in_differences_rank', 'rank_fires', true),
        ('difference_in_differences_rank_calibrated', 'verdict_fires', true),
        ('difference_in_differences_rank_gated', 'gated_fires', true),
    ] %}
    select
        '{{ method }}' as method,
        series_id,
        control_set_id,
        window_months,
        gap_months,
        cut_month,
        {{ fires }} as fires
    from differences
    where control_set_id is {{ 'not ' if of_pair }}null and {{ fires }} is not null
        {%- if method != 'welch' %} and n_blocks >= {{ min_placebo_blocks() }}{% endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- the statistic at every date without an event, from which its usual range is taken
statistics as (
    select
        series_id,
        cast(null as varchar) as control_set_id,
        window_months,
        gap_months,
        scale,
        statistic
    from {{ ref('int_cut_standing') }}
    where is_placebo and as_of_basis = 'latest'
    union all
    select
        treated_series_id,
        control_set_id,
        window_months,
        gap_months,
        'log',
        did
    from {{ ref('int_control_difference') }}
    where is_placebo
),

ranges as (
    select
        series_id,
        control_set_id,
        window_months,
        gap_months,
        {{ quantile('abs(statistic - middle)', usual_share()) }} as mde95
    from (
        select
            *,
            median(statistic) over (partition by series_id, control_set_id, window_months, gap_months) as middle,
            min(scale) over (partition by series_id, control_set_id, window_months, gap_months) as first_scale,
            max(scale) over (partition by series_id, control_set_id, window_months, gap_months) as last_scale
        from statistics
    ) as centred
    -- differences in log points and in units cannot make one range
    where first_scale = last_scale
    group by series_id, control_set_id, window_months, gap_months
)

select
    fired.method,
    fired.series_id,
    fired.control_set_id,
    fired.window_months,
    fired.gap_months,
    cast({{ false_alarm_target() }} as double) as nominal_rate,
    cast(count(*) as integer) as n_pseudo_events,
    {{ placebo_blocks('count(*)') }} as n_blocks,
    cast(count(case when fired.fires then 1 end) as integer) as fired,
    count(case when fired.fires then 1 end) / cast(count(*) as double) as false_alarm_rate,
    min(fired.cut_month) as first_cut,
    max(fired.cut_month) as last_cut,
    any_value(ranges.mde95) as mde95,
    any_value(
        case
            when fired.method like '%_calibrated' or fired.method like '%_gated' then levels.rank_threshold
            when fired.method like '%_rank' then {{ nominal_level() }}
        end
    ) as rank_threshold
from fired
left join ranges
    on fired.series_id = ranges.series_id
    and fired.control_set_id is not distinct from ranges.control_set_id
    and fired.window_months = ranges.window_months
    and fired.gap_months = ranges.gap_months
left join levels
    on levels.for_half = {{ both_halves() }}
    and fired.window_months = levels.window_months
    and fired.gap_months = levels.gap_months
    and levels.comparison = case when fired.control_set_id is null then 'before_after' else 'difference_in_differences' end
group by fired.method, fired.series_id, fired.control_set_id, fired.window_months, fired.gap_months
-- a rate measured at a dozen dates would say little
having count(*) >= {{ min_placebo_cuts() }}
