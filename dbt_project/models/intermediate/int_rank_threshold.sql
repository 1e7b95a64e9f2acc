-- One row is the level at which a difference counts as unusual. It is set so that at most 5 % of the dates without an event reach it
-- (false_alarm_target). Two kinds of levels are set: a rank among the series' own dates, and for short series a multiple of their own
-- typical distance (z_threshold), which long series lend them.
--
-- A rank of at most .05 is reached at 7 to 9 % of the dates. The reason is that a cut is not ranked among its own neighbours, which
-- share most of its months: in a run of extreme months every cut is then extreme. The level is chosen over all series together, as
-- ranks have no unit. How often it fires is measured on other dates than it was chosen on: stretches of months by turns.
with standings as (
    select
        'before_after' as comparison,
        window_months,
        gap_months,
        cut_month,
        placebo_rank as level
    from {{ ref('int_cut_standing') }}
    where is_placebo and as_of_basis = 'latest' and n_blocks >= {{ min_placebo_blocks() }}
    union all
    select
        'difference_in_differences',
        window_months,
        gap_months,
        cut_month,
        placebo_rank
    from {{ ref('int_difference_standing') }}
    where is_placebo and n_blocks >= {{ min_placebo_blocks() }}
    union all
    -- the farther out, the smaller, as with ranks
    select
        'before_after_pooled',
        window_months,
        gap_months,
        cut_month,
        -abs(z_mad)
    from {{ ref('int_recent_standing') }}
),

halves as (
    select
        *,
        {{ calibration_half('cut_month') }} as half
    from standings
),

-- A level chosen on one half of the dates is for the other half, where it is tried. The level chosen on all dates is the one
-- that comparisons of events are held against.
chosen_on as (
    select comparison, window_months, gap_months, level, 1 - half as for_half from halves
    union all
    select comparison, window_months, gap_months, level, {{ both_halves() }} from halves
),

shares as (
    select
        *,
        cume_dist() over (
            partition by comparison, window_months, gap_months, for_half
            order by level
        ) as share
    from chosen_on
),

levels as (
    select
        comparison,
        window_months,
        gap_months,
        for_half,
        max(case when share <= {{ false_alarm_target() }} then level end) as level
    from shares
    group by comparison, window_months, gap_months, for_half
)

select
    comparison,
    window_months,
    gap_months,
    for_half,
    -- where even the smallest rank is too frequent, the level is 0, which no rank reaches
    case when comparison <> 'before_after_pooled' then coalesce(level, 0) end as rank_threshold,
    case when comparison = 'before_after_pooled' then -level end as z_threshold
from levels
order by comparison, window_months, gap_months, for_half
