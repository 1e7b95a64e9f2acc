with inputs as (
    select series_id, {{ sorted_list('input_series_id') }} as input_series_ids
    from (select distinct series_id, input_series_id from {{ ref('int_derived_input') }}) as named
    group by series_id
)

select
    declared.series_id,
    declared.method,
    series.source_code as formula,
    inputs.input_series_ids,
    cast(declared.base_period as varchar) as base_period,
    declared.reason,
    declared.declared_on
from {{ ref('stg_derived_series') }} as declared
inner join {{ ref('int_derived_series') }} as series on declared.series_id = series.series_id
inner join inputs on declared.series_id = inputs.series_id
order by declared.series_id
