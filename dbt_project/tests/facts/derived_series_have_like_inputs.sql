-- A derived series of inputs that do not go together is a number without a meaning: adjusted over unadjusted figures, dollars
-- over pesos, a currency converted with the rate of another one.
{{ config(meta={'dagster': {'ref': {'name': 'int_derived_input'}}}) }}
select inputs.series_id, inputs.input_series_id
from {{ ref('int_derived_input') }} as inputs
inner join {{ ref('seed_derived_series') }} as declared on inputs.series_id = declared.series_id
inner join {{ ref('int_derived_series') }} as series on inputs.series_id = series.series_id
inner join {{ ref('int_derived_input') }} as main on inputs.series_id = main.series_id and main.place = 1
inner join {{ ref('stg_series') }} as first_input on main.input_series_id = first_input.series_id
inner join {{ ref('stg_series') }} as input on inputs.input_series_id = input.series_id
where input.frequency <> 'monthly'
    or (
        declared.method in ('share', 'rate', 'difference')
        and (
            input.currency is distinct from first_input.currency
            or input.seasonal_adjustment <> first_input.seasonal_adjustment
            or input.partner_iso3 is distinct from first_input.partner_iso3 and input.partner_iso3 <> 'WLD'
        )
    )
    or (declared.method in ('share', 'rate') and input.basis is distinct from first_input.basis)
    or (
        declared.method = 'converted'
        and (
            first_input.currency not in ('USD', case when inputs.place = 2 then input.currency else first_input.currency end)
            or inputs.place = 2 and input.unit <> input.currency || ' per USD'
            or inputs.place = 2
                and series.currency <> case when first_input.currency = 'USD' then input.currency else 'USD' end
        )
    )
    or (declared.method = 'deflated' and inputs.place = 2 and input.measure <> 'price_index')
    or (declared.method not in ('converted') and declared.currency is distinct from
        case when declared.method in ('share', 'rate', 'indexed') then null else first_input.currency end)
    or (declared.method in ('share', 'rate') and declared.unit <> 'percent')
    or (declared.method = 'indexed' and declared.unit <> 'index ' || declared.base_period || '=100')
    or (declared.method = 'deflated' and declared.unit not like '% at prices of ' || declared.base_period)
