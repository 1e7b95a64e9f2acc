-- One row describes a derived series in the columns of stg_series. What the seed does not say is taken from the first input.
with named as (
    select
        series_id,
        max(case when role = 'plus' then input_series_id end) as first_id,
        max(case when role = 'minus' then input_series_id end) as second_id,
        max(case when role in ('over', 'times') then input_series_id end) as reference_id,
        max(case when role = 'times' then 1 else 0 end) as is_multiplied
    from {{ ref('int_derived_input') }}
    group by series_id
)

select
    declared.series_id,
    declared.title,
    declared.measure,
    first_input.geography_iso3,
    first_input.partner_iso3,
    case when declared.method = 'difference' then 'balance' else first_input.flow end as flow,
    -- exports and imports are counted on different bases, so their difference has none
    case when second_input.series_id is null or second_input.basis = first_input.basis then first_input.basis end as basis,
    first_input.industry_code,
    first_input.industry_system,
    first_input.product_code,
    first_input.product_system,
    declared.unit,
    declared.unit_multiplier,
    declared.currency,
    first_input.frequency,
    first_input.seasonal_adjustment,
    'headway_derived' as source_id,
    case declared.method
        when 'share' then '100 * ' || named.first_id || ' / ' || named.reference_id
        when 'rate' then '100 * ' || named.first_id || ' / ' || named.reference_id
        when 'converted' then named.first_id || case when named.is_multiplied = 1 then ' * ' else ' / ' end || named.reference_id
        when 'deflated' then named.first_id || ' / ' || named.reference_id
            || ' * mean(' || named.reference_id || ', ' || declared.base_period || ')'
        when 'per_day' then named.first_id || ' / dim_month.weekdays'
        when 'difference' then named.first_id || ' - ' || named.second_id
        when 'indexed' then '100 * ' || named.first_id || ' / mean(' || named.first_id || ', ' || declared.base_period || ')'
    end as source_code,
    cast(null as varchar) as fred_alias,
    declared.notes
from {{ ref('stg_derived_series') }} as declared
inner join named on declared.series_id = named.series_id
-- a left join, because an input that nobody declared must fail a test and not take the series with it
left join {{ ref('stg_series') }} as first_input on named.first_id = first_input.series_id
left join {{ ref('stg_series') }} as second_input on named.second_id = second_input.series_id
order by declared.series_id
