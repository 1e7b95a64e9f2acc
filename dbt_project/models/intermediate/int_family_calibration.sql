-- One row is how often the rule of the verdict fires at dates without an event, over all series of a family (or of all families) and
-- over an era (or all years). Alarms come in waves, so the standard error counts stretches of 24 calendar months and not dates: the
-- square root of the sum over stretches of (alarms less dates times the rate) squared, over the number of dates, with G / (G - 1).
with alarms as (
    select
        alarm.*,
        family.family_id,
        {{ era('alarm.cut_month') }} as era,
        {{ stretch('alarm.cut_month') }} as stretch
    from {{ ref('int_clean_alarm') }} as alarm
    inner join {{ ref('int_series_family') }} as family on alarm.series_id = family.series_id
),

stretches as (
    select
        scope_of_range,
        window_months,
        gap_months,
        family_id,
        era,
        stretch,
        grouping(family_id) as is_every_family,
        grouping(era) as is_every_era,
        count(*) as n_dates,
        count(case when fires then 1 end) as n_fired,
        min(cut_month) as first_cut,
        max(cut_month) as last_cut
    from alarms
    group by grouping sets (
        (scope_of_range, window_months, gap_months, family_id, era, stretch),
        (scope_of_range, window_months, gap_months, family_id, stretch),
        (scope_of_range, window_months, gap_months, era, stretch),
        (scope_of_range, window_months, gap_months, stretch)
    )
),

named as (
    select
        * exclude (family_id, era, is_every_family, is_every_era),
        case when is_every_family = 1 then 'all' else family_id end as family_id,
        case when is_every_era = 1 then 'all' else era end as era
    from stretches
),

rates as (
    select
        *,
        sum(n_fired) over of_group / cast(sum(n_dates) over of_group as double) as rate
    from named
    window of_group as (partition by scope_of_range, window_months, gap_months, family_id, era)
)

select
    scope_of_range,
    window_months,
    gap_months,
    family_id,
    era,
    cast(sum(n_dates) as integer) as n_pseudo_events,
    cast(count(*) as integer) as n_stretches,
    cast(sum(n_fired) as integer) as fired,
    max(rate) as false_alarm_rate,
    sqrt(sum(power(n_fired - n_dates * rate, 2)) * count(*) / nullif(count(*) - 1, 0)) / sum(n_dates) as false_alarm_se,
    min(first_cut) as first_cut,
    max(last_cut) as last_cut
from rates
group by scope_of_range, window_months, gap_months, family_id, era
order by scope_of_range, window_months, gap_months, family_id, era
