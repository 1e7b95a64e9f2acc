-- One row is a month of US imports of a group of goods from a partner, with the measures in force on them, the rate by law where it can
-- be told, and the rate collected.
with touching as (
    select
        *,
        {{ days_between('first_day', 'day_after') }} as days_in_force,
        -- days not yet covered by the measures that began earlier in the month
        greatest(0, {{ days_between(
            "greatest(first_day, coalesce(max(day_after) over (partition by series_id, period_start order by first_day, measure_id rows between unbounded preceding and 1 preceding), first_day))",
            'day_after',
        ) }}) as new_days
    from {{ ref('int_tariff_month') }}
    where coverage <> 'unknown'
),

all_pairs as (
    select
        one.series_id,
        one.period_start,
        one.measure_id as one_id,
        one.first_day as one_first_day,
        other.measure_id as other_id,
        other.first_day as other_first_day,
        -- a good pays the duty that is due and not the other one; where every good here is under the former, the latter falls away
        coalesce(rule.due_programme = other.programme and other.coverage = 'whole', false)
        and other.first_day <= one.first_day and other.day_after >= one.day_after as one_is_displaced,
        coalesce(rule.due_programme = one.programme and one.coverage = 'whole', false)
        and one.first_day <= other.first_day and one.day_after >= other.day_after as other_is_displaced,
        case
            -- one measure ended before the other began, so no good pays both
            when one.day_after <= other.first_day or other.day_after <= one.first_day then 'one_of'
            else coalesce(rule.relation, 'unclear')
        end as relation,
        one.first_day = other.first_day and one.day_after = other.day_after as same_days
    from touching as one
    inner join touching as other
        on one.series_id = other.series_id
        and one.period_start = other.period_start
        and (one.measure_id < other.measure_id or (one.measure_id = other.measure_id and one.first_day < other.first_day))
    left join {{ ref('stg_tariff_stacking') }} as rule
        on rule.programme_a = least(one.programme, other.programme)
        and rule.programme_b = greatest(one.programme, other.programme)
        and rule.effective_from <= greatest(one.first_day, other.first_day)
        and (rule.effective_to is null or rule.effective_to >= least(one.day_after, other.day_after) - 1)
),

displaced as (
    select series_id, period_start, one_id as measure_id, one_first_day as first_day from all_pairs where one_is_displaced
    union distinct
    select series_id, period_start, other_id, other_first_day from all_pairs where other_is_displaced
),

due as (
    select touching.* from touching
    left join displaced
        on touching.series_id = displaced.series_id
        and touching.period_start = displaced.period_start
        and touching.measure_id = displaced.measure_id
        and touching.first_day = displaced.first_day
    where displaced.measure_id is null
),

pairs as (
    select all_pairs.* from all_pairs
    left join displaced as one
        on all_pairs.series_id = one.series_id and all_pairs.period_start = one.period_start
        and all_pairs.one_id = one.measure_id and all_pairs.one_first_day = one.first_day
    left join displaced as other
        on all_pairs.series_id = other.series_id and all_pairs.period_start = other.period_start
        and all_pairs.other_id = other.measure_id and all_pairs.other_first_day = other.first_day
    where one.measure_id is null and other.measure_id is null
),

relations as (
    select
        series_id,
        period_start,
        sum(case when relation = 'adds' then 1 else 0 end) as n_adds,
        sum(case when relation = 'one_of' then 1 else 0 end) as n_one_of,
        sum(case when relation = 'unclear' then 1 else 0 end) as n_unclear,
        min(case when same_days then 1 else 0 end) as all_same_days
    from pairs
    group by series_id, period_start
),

known as (
    select
        series_id,
        period_start,
        {{ ordered_list('measure_id', 'measure_id') }} as measure_ids,
        {{ ordered_list('rate_pct', 'measure_id') }} as measure_rates_pct,
        {{ ordered_list('coverage', 'measure_id') }} as measure_coverage,
        {{ ordered_list('cast(days_in_force as integer)', 'measure_id') }} as measure_days,
        {{ ordered_list("coalesce(exemptions, 'none known')", 'measure_id') }} as exemptions,
        min(case when is_on_all_of_it then 1 else 0 end) as all_on_all_of_it,
        sum(new_days) as days_in_force
    from touching
    group by series_id, period_start
),

rated as (
    select
        series_id,
        period_start,
        count(*) as n_measures,
        count(distinct rate_pct) as n_rates,
        count(*) - count(rate_pct) as n_without_rate,
        max(case when has_own_rate then 1 else 0 end) as has_own_rate,
        min(case when coverage = 'whole' then 1 else 0 end) as all_whole,
        max(rate_pct) as highest_rate,
        sum(rate_pct) as sum_of_rates
    from due
    group by series_id, period_start
),

fallen_away as (
    select series_id, period_start, {{ sorted_list('measure_id') }} as displaced_measure_ids
    from displaced
    group by series_id, period_start
),

possible as (
    select
        series_id,
        period_start,
        {{ sorted_list('measure_id') }} as possible_measure_ids
    from {{ ref('int_tariff_month') }}
    where coverage = 'unknown'
    group by series_id, period_start
),

cells as (
    select
        value_of.series_id,
        value_of.partner_iso3,
        value_of.unit_multiplier,
        coalesce(value_of.product_system, value_of.industry_system, 'TOTAL') as product_system,
        coalesce(value_of.product_code, value_of.industry_code, '00') as product_code,
        max(case when other.measure = 'duty' then other.series_id end) as duty_series_id,
        max(case when other.measure = 'usmca_claimed_share' then other.series_id end) as share_series_id
    from {{ ref('dim_series') }} as value_of
    left join {{ ref('dim_series') }} as other
        on value_of.geography_iso3 = other.geography_iso3
        and value_of.partner_iso3 = other.partner_iso3
        and value_of.flow = other.flow
        and value_of.product_system is not distinct from other.product_system
        and value_of.product_code is not distinct from other.product_code
        and value_of.industry_code is not distinct from other.industry_code
        and other.measure in ('duty', 'usmca_claimed_share')
    where value_of.geography_iso3 = 'USA'
        and value_of.flow = 'imports'
        and value_of.basis = 'consumption'
        and value_of.measure = 'trade_value'
    group by
        value_of.series_id, value_of.partner_iso3, value_of.unit_multiplier, value_of.product_system, value_of.product_code,
        value_of.industry_system, value_of.industry_code
),

months as (
    select series_id, period_start from {{ ref('fct_observation') }}
    where series_id in (select series_id from cells)
    union distinct
    select series_id, period_start from {{ ref('int_tariff_month') }}
),

traded as (
    select
        months.period_start,
        cells.*,
        {{ add_months('months.period_start', 1) }} as next_month,
        value_of.value * cells.unit_multiplier as customs_value_usd,
        value_of.status,
        duty_of.value as duty_usd,
        share_of.value as usmca_claimed_share_pct
    from months
    inner join cells on months.series_id = cells.series_id
    left join {{ ref('fct_observation') }} as value_of
        on months.series_id = value_of.series_id and months.period_start = value_of.period_start
    left join {{ ref('fct_observation') }} as duty_of
        on cells.duty_series_id = duty_of.series_id and months.period_start = duty_of.period_start
    left join {{ ref('fct_observation') }} as share_of
        on cells.share_series_id = share_of.series_id and months.period_start = share_of.period_start
),

judged as (
    select
        traded.*,
        known.measure_ids,
        known.measure_rates_pct,
        known.measure_coverage,
        known.measure_days,
        known.exemptions,
        rated.highest_rate,
        rated.sum_of_rates,
        fallen_away.displaced_measure_ids,
        known.days_in_force,
        possible.possible_measure_ids,
        case
            when rated.n_measures is null then 'no measure of the list is known to be in force on these goods'
            when gap.partner_iso3 is not null then gap.reason
            when traded.partner_iso3 = 'WLD' and known.all_on_all_of_it = 0
                then 'a measure is on the goods of some partners only, so the world has no one rate'
            when rated.n_without_rate > 0 then 'a measure has no rate: imports are barred, or it is not known'
            when rated.has_own_rate = 1 then 'the partner has a rate of its own or a quota under a measure'
            when rated.n_measures = 1 then null
            when relations.n_unclear > 0 then 'it is not known whether the measures add up'
            when relations.n_adds = 0 and rated.n_rates = 1 then null
            when relations.n_adds = 0 then 'a good pays one of several rates, by its line or the day of the month'
            when relations.n_one_of > 0 then 'some of the measures add up and others do not'
            when rated.all_whole = 1 and relations.all_same_days = 1 then null
            else 'the measures add up, but only on goods and days that all of them reach'
        end as reason,
        relations.n_adds
    from traded
    left join known on traded.series_id = known.series_id and traded.period_start = known.period_start
    left join rated on traded.series_id = rated.series_id and traded.period_start = rated.period_start
    left join fallen_away on traded.series_id = fallen_away.series_id and traded.period_start = fallen_away.period_start
    left join possible on traded.series_id = possible.series_id and traded.period_start = possible.period_start
    left join relations on traded.series_id = relations.series_id and traded.period_start = relations.period_start
    left join {{ ref('stg_tariff_gap') }} as gap
        on traded.partner_iso3 = gap.partner_iso3
        and gap.effective_from < traded.next_month
        and gap.effective_to >= traded.period_start
)

select
    judged.period_start,
    'USA' as reporter_iso3,
    judged.partner_iso3,
    judged.product_system,
    judged.product_code,
    judged.series_id as value_series_id,
    coalesce(judged.measure_ids, {{ empty_list() }}) as measure_ids,
    judged.measure_rates_pct,
    judged.measure_coverage,
    judged.measure_days,
    judged.exemptions,
    coalesce(judged.displaced_measure_ids, {{ empty_list() }}) as displaced_measure_ids,
    coalesce(judged.possible_measure_ids, {{ empty_list() }}) as possible_measure_ids,
    case
        when judged.reason is not null then null
        when judged.n_adds > 0 then judged.sum_of_rates
        else judged.highest_rate
    end as statutory_rate_pct,
    case when judged.reason is null then judged.possible_measure_ids is not null end as statutory_is_at_least,
    judged.reason,
    coalesce(judged.days_in_force, 0) / cast({{ days_between('judged.period_start', 'judged.next_month') }} as double) as in_force_share,
    cast(judged.customs_value_usd as bigint) as customs_value_usd,
    cast(judged.duty_usd as bigint) as duty_usd,
    100.0 * judged.duty_usd / nullif(judged.customs_value_usd, 0) as collected_rate_pct,
    judged.usmca_claimed_share_pct,
    100.0 * judged.customs_value_usd / nullif(all_goods.customs_value_usd, 0) as share_of_partner_imports_pct,
    judged.status
from judged
left join traded as all_goods
    on judged.partner_iso3 = all_goods.partner_iso3
    and judged.period_start = all_goods.period_start
    and all_goods.product_system = 'TOTAL'
order by judged.period_start, judged.partner_iso3, judged.product_system, judged.product_code
