-- One row is the US exports of a product of six digits to a country in a month.
select
    hs6,
    country_code,
    month,
    {{ whole_sum('export_value') }} as export_value,
    {{ whole_sum('export_value', "domestic_foreign = '1'") }} as domestic_value
from {{ ref('stg_lake_exports') }}
group by hs6, country_code, month
