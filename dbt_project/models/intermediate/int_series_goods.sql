-- One row says that a series is about some goods, and by which rule. A series may be about several: jobs in vehicle plants are about
-- vehicles, and about manufacturing. What is automotive is a rule of its own, which the episodes share.
with series as (
    select * from {{ ref('int_known_series') }}
),

named as (
    select
        series.series_id,
        rules.goods,
        rules.reason,
        rules.system = 'named' and rules.measure = 'freight_value' as is_group_of_freight,
        rules.system = 'total' as is_total
    from series
    inner join {{ ref('stg_series_goods') }} as rules
        on rules.measure in ('*', series.measure)
        and case rules.system
            when 'any' then true
            when 'named' then series.series_id like concat('%', rules.code, '%')
            when 'total' then series.flow is not null and series.product_code is null and series.industry_code is null
            when 'no_code' then series.product_code is null and series.industry_code is null
            when 'industry' then series.industry_code like concat(rules.code, '%')
            when 'HS' then series.product_system = 'HS' and series.product_code like concat(rules.code, '%')
            when 'NAICS' then series.industry_system = 'NAICS' and series.industry_code like concat(rules.code, '%')
        end
),

matched as (
    select
        series_id,
        goods,
        reason
    from named
    -- freight by group of goods has no code, and is no total
    where not is_total
        or series_id not in (select series_id from named where is_group_of_freight)
    union all
    select
        series_id,
        'autos',
        'vehicles, their parts and engines'
    from series
    where {{ is_automotive('series') }}
)

select
    series_id,
    goods,
    min(reason) as reason
from matched
-- of trade, vehicles are told apart from the total that holds them
where goods <> 'all_goods'
    or series_id not in (select series_id from matched where goods = 'autos')
group by series_id, goods
order by series_id, goods
