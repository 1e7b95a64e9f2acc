-- One row is a measure on the trade that stands on one set of lists, with its days and its rate on that trade: what
-- rpt_statutory_rate adds up. A share is the part of the value that the rate is taken of.
with goods as (
    select
        *,
        1.0 * ordinary_usd / value_usd as ordinary_share,
        1.0 * claimed_usd / value_usd as claimed_share,
        1.0 * claimed_late_usd / value_usd as claimed_late_share,
        1.0 * steel_usd / value_usd as steel_share,
        1.0 * aluminium_usd / value_usd as aluminium_share
    from {{ ref('stg_import_weight') }}
),

reached as (
    select
        goods.*,
        spell.measure_id,
        spell.programme,
        spell.first_day,
        spell.day_after,
        reach.base,
        spell.rate_pct,
        coalesce(spell.own_rate_kind, reach.rate_kind) as rate_kind
    from goods
    inner join {{ ref('int_tariff_spell') }} as spell
        on goods.partner_iso3 = spell.partner_iso3
        and not spell.has_own_rate
        and spell.rate_pct is not null
    inner join {{ ref('stg_tariff_reach') }} as reach
        on spell.measure_id = reach.measure_id
        and (reach.list_id = '*' or list_contains(goods.lists, reach.list_id))
        and (reach.except_list_id is null or not list_contains(goods.lists, reach.except_list_id))
),

based as (
    select
        *,
        case base
            when 'unclaimed' then 1 - claimed_share
            when 'foreign' then 1 - claimed_share * {{ us_content_of_cars() }}
            when 'steel' then steel_share
            when 'aluminium' then aluminium_share
            else 1
        end as base_share,
        case base
            when 'unclaimed' then 1 - claimed_late_share
            when 'foreign' then 1 - claimed_late_share * {{ us_content_of_cars() }}
            when 'steel' then steel_share
            when 'aluminium' then aluminium_share
            else 1
        end as base_share_late
    from reached
)

select
    partner_iso3,
    lists,
    measure_id,
    programme,
    base,
    first_day,
    day_after,
    -- a rate with the ordinary duty counted in adds what the ordinary duty leaves of it
    case when rate_kind = 'all_in' then greatest(0, rate_pct - 100 * ordinary_share) else rate_pct end as added_rate_pct,
    base_share,
    base_share_late,
    -- where one of two duties is due and this is the one, what it leaves to the other: the part without metal or without a claim
    case when base in ('steel', 'aluminium', 'unclaimed') then 1 - base_share else 0 end as left_share,
    case when base in ('steel', 'aluminium', 'unclaimed') then 1 - base_share_late else 0 end as left_share_late
from based
order by partner_iso3, lists, measure_id, base, first_day
