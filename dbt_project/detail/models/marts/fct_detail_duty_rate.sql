-- One row is the imports of a product of six digits from a country in a month under one rate provision, with the duty collected on them.
select
    hs6,
    country_code,
    month,
    rate_provision,
    {{ whole_sum('consumption_value') }} as consumption_value,
    {{ whole_sum('dutiable_value') }} as dutiable_value,
    {{ whole_sum('calculated_duty') }} as calculated_duty,
    {{ whole_sum('general_value') }} as general_value,
    {{ whole_sum('general_cif_value') }} as general_cif_value,
    {{ percent(whole_sum('calculated_duty'), whole_sum('consumption_value')) }} as collected_rate_pct
from {{ ref('stg_lake_imports') }}
group by hs6, country_code, month, rate_provision
