-- One row is a month of US imports from a partner: the rate that the measures held here put on the trade of 2024, line by line and
-- day by day, beside the rate collected on the trade of the month.
with months as (
    select
        month_start,
        {{ add_months('month_start', 1) }} as next_month
    from {{ ref('int_month') }}
    -- from the year after the one whose trade the rates are weighted with
    where month_start between date '2025-01-01' and cast({{ build_timestamp() }} as date)
),

-- stretches of days on which no measure on the partner begins or ends
days as (
    select partner_iso3, first_day as starts_on from {{ ref('int_tariff_on_goods') }}
    union distinct
    select partner_iso3, day_after from {{ ref('int_tariff_on_goods') }} where day_after is not null
    union distinct
    select weight.partner_iso3, months.month_start from {{ ref('stg_import_weight') }} as weight cross join months
),

stretches as (
    select
        days.partner_iso3,
        days.starts_on,
        months.month_start,
        lead(days.starts_on, 1, months.next_month) over (partition by days.partner_iso3, months.month_start order by days.starts_on) as day_after
    from days
    inner join months on days.starts_on >= months.month_start and days.starts_on < months.next_month
),

on_goods as (
    select
        stretches.month_start,
        stretches.starts_on,
        {{ days_between('stretches.starts_on', 'stretches.day_after') }} as n_days,
        goods.*,
        row_number() over (
            partition by goods.partner_iso3, goods.lists, stretches.starts_on order by goods.added_rate_pct, goods.measure_id, goods.base
        ) as place
    from {{ ref('int_tariff_on_goods') }} as goods
    inner join stretches
        on goods.partner_iso3 = stretches.partner_iso3
        and goods.first_day <= stretches.starts_on
        and (goods.day_after is null or goods.day_after > stretches.starts_on)
),

-- what is left of a measure where another one is due in its place
kept as (
    select
        one.partner_iso3,
        one.lists,
        one.starts_on,
        one.place,
        product(case when rule.rest_pays then other.left_share else 0 end) as kept_share,
        product(case when rule.rest_pays then other.left_share_late else 0 end) as kept_share_late
    from on_goods as one
    inner join on_goods as other
        on one.partner_iso3 = other.partner_iso3
        and one.lists = other.lists
        and one.starts_on = other.starts_on
        and one.place <> other.place
    inner join {{ ref('stg_tariff_stacking') }} as rule
        on rule.programme_a = least(one.programme, other.programme)
        and rule.programme_b = greatest(one.programme, other.programme)
        and rule.relation = 'one_of'
        and rule.effective_from <= one.starts_on
        and (rule.effective_to is null or rule.effective_to >= one.starts_on)
        -- of two measures of one programme the one with the higher rate
        and (rule.due_programme = other.programme or (rule.programme_a = rule.programme_b and other.place > one.place))
    group by one.partner_iso3, one.lists, one.starts_on, one.place
),

traded as (
    select
        partner_iso3,
        sum(value_usd) as value_usd,
        sum(ordinary_usd) as ordinary_usd
    from {{ ref('stg_import_weight') }}
    group by partner_iso3
),

added as (
    select
        on_goods.partner_iso3,
        on_goods.month_start,
        sum(
            weight.value_usd * on_goods.n_days * on_goods.added_rate_pct * on_goods.base_share * coalesce(kept.kept_share, 1)
        ) as pct_usd_days,
        sum(
            weight.value_usd * on_goods.n_days * on_goods.added_rate_pct * on_goods.base_share_late * coalesce(kept.kept_share_late, 1)
        ) as pct_usd_days_late
    from on_goods
    inner join {{ ref('stg_import_weight') }} as weight
        on on_goods.partner_iso3 = weight.partner_iso3 and on_goods.lists = weight.lists
    left join kept
        on on_goods.partner_iso3 = kept.partner_iso3
        and on_goods.lists = kept.lists
        and on_goods.starts_on = kept.starts_on
        and on_goods.place = kept.place
    group by on_goods.partner_iso3, on_goods.month_start
),

-- measures in force: those that are weighted, and those that are not since their goods or the partner's rate are not held
in_force as (
    select
        spell.partner_iso3,
        months.month_start,
        spell.measure_id,
        max(case when reach.measure_id is null or spell.has_own_rate then 1 else 0 end) as is_left_out,
        max(case when reach.exemptions_held then 0 else 1 end) as without_exemptions
    from {{ ref('int_tariff_spell') }} as spell
    inner join months
        on spell.first_day < months.next_month
        and (spell.day_after is null or spell.day_after > months.month_start)
    left join {{ ref('stg_tariff_reach') }} as reach on spell.measure_id = reach.measure_id
    where spell.rate_pct is not null
    group by spell.partner_iso3, months.month_start, spell.measure_id
),

named as (
    select
        partner_iso3,
        month_start,
        coalesce(list(measure_id order by measure_id) filter (is_left_out = 0), {{ empty_list() }}) as measure_ids,
        coalesce(list(measure_id order by measure_id) filter (is_left_out = 1), {{ empty_list() }}) as left_out_measure_ids,
        coalesce(
            list(measure_id order by measure_id) filter (is_left_out = 0 and without_exemptions = 1), {{ empty_list() }}
        ) as too_wide_measure_ids
    from in_force
    group by partner_iso3, month_start
),

rate as (
    select
        traded.partner_iso3,
        traded.value_usd,
        months.month_start,
        100.0 * traded.ordinary_usd / traded.value_usd as ordinary_rate_pct,
        coalesce(added.pct_usd_days_late, 0) / traded.value_usd / {{ days_between('months.month_start', 'months.next_month') }} as added_rate_pct,
        coalesce(added.pct_usd_days, 0) / traded.value_usd / {{ days_between('months.month_start', 'months.next_month') }} as added_rate_2024_claims_pct
    from traded
    cross join months
    left join added on traded.partner_iso3 = added.partner_iso3 and months.month_start = added.month_start
),

collected as (
    select
        partner_iso3,
        period_start,
        value_usd,
        duty_usd
    from {{ ref('fct_trade_flow') }}
    where reporter_iso3 = 'USA'
        and flow = 'imports'
        and basis = 'consumption'
        and classification = 'TOTAL'
        and duty_usd is not null
)

select
    rate.month_start as period_start,
    'USA' as reporter_iso3,
    rate.partner_iso3,
    rate.ordinary_rate_pct,
    rate.added_rate_pct,
    rate.ordinary_rate_pct + rate.added_rate_pct as statutory_rate_pct,
    case when rate.partner_iso3 in ('CAN', 'MEX') then rate.ordinary_rate_pct + rate.added_rate_2024_claims_pct end as statutory_rate_2024_claims_pct,
    100.0 * collected.duty_usd / nullif(collected.value_usd, 0) as collected_rate_pct,
    coalesce(named.measure_ids, {{ empty_list() }}) as measure_ids,
    coalesce(named.left_out_measure_ids, {{ empty_list() }}) as left_out_measure_ids,
    coalesce(named.too_wide_measure_ids, {{ empty_list() }}) as too_wide_measure_ids,
    cast(rate.value_usd as bigint) as weight_value_usd,
    cast(2024 as integer) as weight_year
from rate
left join named on rate.partner_iso3 = named.partner_iso3 and rate.month_start = named.month_start
left join collected on rate.partner_iso3 = collected.partner_iso3 and rate.month_start = collected.period_start
order by period_start, partner_iso3
