-- One row is the US imports from a country in a month of the goods on a list, line by line, beside all imports from that country.
with by_line as (
    select
        hs10,
        country_code,
        month,
        {{ whole_sum('consumption_value') }} as consumption_value,
        {{ whole_sum('calculated_duty') }} as calculated_duty
    from {{ ref('stg_lake_imports') }}
    group by hs10, country_code, month
),

from_country as (
    select
        country_code,
        month,
        {{ whole_sum('consumption_value') }} as consumption_value
    from {{ ref('fct_detail_import') }}
    group by country_code, month
),

on_list as (
    select
        listed.list_id,
        by_line.country_code,
        by_line.month,
        {{ whole_sum('by_line.consumption_value') }} as listed_value,
        {{ whole_sum('by_line.calculated_duty') }} as listed_duty
    from by_line
    inner join {{ ref('fct_detail_list_line') }} as listed on by_line.hs10 = listed.hs10
    group by listed.list_id, by_line.country_code, by_line.month
)

select
    on_list.list_id,
    on_list.country_code,
    on_list.month,
    on_list.listed_value,
    on_list.listed_duty,
    from_country.consumption_value,
    {{ percent('on_list.listed_value', 'from_country.consumption_value') }} as listed_share_pct
from on_list
inner join from_country on on_list.country_code = from_country.country_code and on_list.month = from_country.month
