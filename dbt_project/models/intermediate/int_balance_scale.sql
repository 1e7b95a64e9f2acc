-- One row is the size that changes of a balance usually have: 1.4826 times the median distance of its 12-month differences from their
-- median, over the 120 months that end with a month. Balances grow with trade, so a change in dollars of today is large beside those
-- of long ago: undivided they fired at 13.8 % of the dates after 2017 (6 months), divided at 0.8 %.
{{ config(meta={'by_series': ['int_known_series', 'int_series_monthly', 'int_observation_first']}) }}
with balances as (
    select series_id from {{ ref('int_known_series') }}
    where {{ is_balance() }}
),

monthly as (
    select
        spine.series_id,
        basis.as_of_basis,
        spine.period_start,
        spine.month_index,
        case basis.as_of_basis when 'latest' then spine.value else first_known.value end as value
    from {{ ref('int_series_monthly') }} as spine
    inner join balances on spine.series_id = balances.series_id
    cross join (select 'latest' as as_of_basis union all select 'first_release') as basis
    left join {{ ref('int_observation_first') }} as first_known
        on basis.as_of_basis = 'first_release'
        and spine.series_id = first_known.series_id
        and spine.period_start = first_known.period_start
        and first_known.is_first_release
),

differences as (
    select
        *,
        value - lag(value, 12) over (partition by series_id, as_of_basis order by month_index) as difference
    from monthly
),

spreads as (
    select
        series_id,
        as_of_basis,
        period_start,
        count(difference) over before_it as n_differences,
        mad(difference) over before_it as typical
    from differences
    window before_it as (
        partition by series_id, as_of_basis order by month_index
        rows between {{ balance_months() - 13 }} preceding and current row
    )
)

select
    series_id,
    as_of_basis,
    period_start,
    {{ mad_to_sd() }} * typical as spread
from spreads
-- the first differences of the 120 months are a year after the first of them
where n_differences = {{ balance_months() - 12 }} and typical > 0
order by series_id, as_of_basis, period_start
