-- One row is the US imports of a product of six digits that entered through a customs district in a month.
select
    hs6,
    district_entry as district,
    month,
    {{ whole_sum('consumption_value') }} as consumption_value,
    {{ whole_sum('calculated_duty') }} as calculated_duty,
    {{ whole_sum('general_value') }} as general_value
from {{ ref('stg_lake_imports') }}
group by hs6, district_entry, month
