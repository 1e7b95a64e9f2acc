-- One row is the US imports of a product of six digits from a country in a month.
select
    hs6,
    country_code,
    month,
    {{ whole_sum('consumption_value') }} as consumption_value,
    {{ whole_sum('dutiable_value') }} as dutiable_value,
    {{ whole_sum('calculated_duty') }} as calculated_duty,
    {{ whole_sum('general_value') }} as general_value,
    {{ whole_sum('general_cif_value') }} as general_cif_value,
    {{ percent(whole_sum('calculated_duty'), whole_sum('consumption_value')) }} as collected_rate_pct
from {{ ref('fct_detail_duty_rate') }}
group by hs6, country_code, month
