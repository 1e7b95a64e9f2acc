-- One row is the share of a treatment's series that is outside its usual range, of those with a verdict, and the place of that share among
-- months without an event, once for each of the treatment's series, which the reports join it to. A series counts once, however many acts
-- the treatment has.
with acts as (
    select
        treatment_id,
        series_id,
        window_months,
        gap_months,
        as_of_basis,
        reason,
        event_clean,
        max_shared_post_share,
        preliminary_months,
        withheld_because,
        scope_of_range,
        is_far_out
    from {{ ref('int_compared_cut') }}
    where treatment_id is not null
),

phases as (
    select
        treatments.treatment_id,
        cuts.series_id,
        cuts.window_months,
        cuts.gap_months,
        cuts.as_of_basis,
        cuts.reason,
        cuts.event_clean,
        coalesce(rivals.max_shared_post_share, 0) as max_shared_post_share,
        cuts.preliminary_months,
        cuts.withheld_because,
        cuts.scope_of_range,
        cuts.is_far_out
    from {{ ref('int_compared_cut') }} as cuts
    inner join {{ ref('int_series_calendar') }} as calendar on cuts.series_id = calendar.series_id
    inner join {{ ref('int_calendar_phase') }} as phase
        on calendar.calendar_id = phase.calendar_id
        and cuts.cut_month = phase.start_month
    inner join (
        select distinct
            treatment_id,
            series_id
        from {{ ref('int_series_treatment') }}
        where scope = 'phase'
    ) as treatments
        on cuts.series_id = treatments.series_id
        and {{ phase_treatment('phase.cluster_id') }} = treatments.treatment_id
    left join {{ ref('int_phase_rival') }} as rivals
        on phase.calendar_id = rivals.calendar_id
        and phase.cluster_id = rivals.cluster_id
        and cuts.window_months = rivals.window_months
        and cuts.gap_months = rivals.gap_months
),

judged as (
    select
        *,
        {{ verdict(
            'reason is null', 'event_clean', 'max_shared_post_share <= ' ~ max_shared_share(), 'preliminary_months',
            'withheld_because', 'scope_of_range', 'is_far_out'
        ) | indent(8) }} as verdict
    from (
        select * from acts
        union all
        select * from phases
    ) as treatments
),

shares as (
    select
        treatment_id,
        window_months,
        gap_months,
        as_of_basis,
        cast(count(*) as integer) as n_judged,
        count(case when verdict = 'outside_usual_range' then 1 end) / cast(count(*) as double) as share_outside
    from judged
    where verdict in ('outside_usual_range', 'within_usual_range')
    group by treatment_id, window_months, gap_months, as_of_basis
),

ranked as (
    select
        shares.treatment_id,
        shares.window_months,
        shares.gap_months,
        shares.as_of_basis,
        any_value(shares.n_judged) as n_judged,
        any_value(shares.share_outside) as share_outside,
        {{ placebo_rank(
            'count(case when quiet.share_outside >= shares.share_outside - ' ~ rounding() ~ ' then 1 end)', 'count(quiet.cut_month)'
        ) | indent(8) }} as share_outside_rank
    from shares
    left join {{ ref('int_quiet_month') }} as quiet
        on shares.window_months = quiet.window_months
        and shares.gap_months = quiet.gap_months
    group by shares.treatment_id, shares.window_months, shares.gap_months, shares.as_of_basis
)

select
    treated.series_id,
    ranked.*
from ranked
inner join (
    select distinct
        treatment_id,
        series_id
    from {{ ref('int_series_treatment') }}
) as treated on ranked.treatment_id = treated.treatment_id
order by treated.series_id, ranked.treatment_id, ranked.window_months, ranked.gap_months, ranked.as_of_basis
