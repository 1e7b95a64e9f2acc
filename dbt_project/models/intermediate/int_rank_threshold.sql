-- One row is the rank at or below which a difference counts as unusual. It is set so that at most 5 % of the dates without an event
-- do (false_alarm_target).
--
-- A rank of at most .05 is reached at 7 to 9 % of them. The reason is that a cut is not ranked among its own neighbours, which share
-- most of its months: in a run of extreme months every cut is then extreme. The level is chosen over all series together, as ranks
-- have no unit. How often it fires is measured on other dates than it was chosen on: stretches of months by turns.
with standings as (
    select
        'before_after' as comparison,
        window_months,
        gap_months,
        cut_month,
        placebo_rank
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
    select comparison, window_months, gap_months, placebo_rank, 1 - half as for_half from halves
    union all
    select comparison, window_months, gap_months, placebo_rank, {{ both_halves() }} from halves
),

shares as (
    select
        *,
        cume_dist() over (
            partition by comparison, window_months, gap_months, for_half
            order by placebo_rank
        ) as share
    from chosen_on
),

levels as (
    select
        comparison,
        window_months,
        gap_months,
        for_half,
        -- where even the smallest rank is too frequent, the level is 0, which no rank reaches
        coalesce(max(case when share <= {{ false_alarm_target() }} then placebo_rank end), 0) as rank_threshold
    from shares
    group by comparison, window_months, gap_months, for_half
)

select
    comparison,
    window_months,
    gap_months,
    for_half,
    rank_threshold
from levels
order by comparison, window_months, gap_months, for_half
