-- One row is where a comparison at the cut of an event stands: the place among dates without an event, and the range that it is held against.
-- It is a table of its own because what it takes from the dates (lists of distances) need not be in memory together with the numbers of
-- the comparison (int_compared_cut).
with family_rates as (
    select *
    from {{ ref('int_family_calibration') }}
    where era = 'all'
),

standings as (
    select
        standing.*,
        case
            when n_blocks >= {{ min_placebo_blocks() }} then 'own'
            when n_placebo >= {{ min_placebo_cuts() }} then 'pooled'
        end as pool
    from {{ ref('int_cut_standing') }} as standing
    inner join {{ ref('int_report_cut') }} as events
        on standing.cut_month = events.cut_month
        and {{ gap_is_reported('standing.gap_months', 'events.default_gap_months') }}
),

ranges as (
    select
        standing.series_id,
        standing.as_of_basis,
        standing.window_months,
        standing.gap_months,
        standing.cut_month,
        standing.n_placebo,
        standing.n_blocks,
        standing.pool,
        -- Placebo cuts touch no episode. A comparison that does touch one is not of their kind and has no rank among them.
        case when cuts.n_episode_months = 0 then standing.placebo_rank end as placebo_rank,
        case when cuts.n_episode_months = 0 then standing.z_mad end as z_mad,
        standing.middle * standing.unit_size as centre,
        standing.mde95 * standing.unit_size as mde95,
        own.rank_threshold,
        shared.z_threshold,
        rates.false_alarm_rate as family_false_alarm_rate,
        rates.false_alarm_se as family_false_alarm_se,
        rates.n_pseudo_events as n_family_dates,
        case standing.pool
            when 'own' then {{ threshold_distance('standing.far_distances', 'own.rank_threshold', 'standing.n_placebo') }}
            when 'pooled' then shared.z_threshold * standing.typical_distance
        end * standing.unit_size as distance_at_threshold
    from standings as standing
    inner join {{ ref('int_cut_statistics') }} as cuts
        on standing.series_id = cuts.series_id
        and standing.as_of_basis = cuts.as_of_basis
        and standing.window_months = cuts.window_months
        and standing.gap_months = cuts.gap_months
        and standing.cut_month = cuts.cut_month
    inner join {{ ref('int_series_family') }} as family on standing.series_id = family.series_id
    left join family_rates as rates
        on standing.pool = rates.scope_of_range
        and standing.window_months = rates.window_months
        and standing.gap_months = rates.gap_months
        and family.family_id = rates.family_id
    left join {{ ref('int_rank_threshold') }} as own
        on own.comparison = 'before_after'
        and own.for_half = {{ both_halves() }}
        and standing.window_months = own.window_months
        and standing.gap_months = own.gap_months
    left join {{ ref('int_rank_threshold') }} as shared
        on shared.comparison = 'before_after_pooled'
        and shared.for_half = {{ both_halves() }}
        and standing.window_months = shared.window_months
        and standing.gap_months = shared.gap_months
)

select * from ranges
