-- Codes that are easily read as something else: NA is Nayarit, not a missing value; '-' is the world; codes keep zeros.
{{ config(meta={'dagster': {'ref': {'name': 'dim_geography'}}}) }}
with known (geography_id, name, code) as (
    values
        ('MEX-NA', 'Nayarit', 'NA'),
        ('WLD', 'World', '-'),
        ('GROUP-0020', 'USMCA partners (Canada and Mexico)', '0020'),
        ('CAN-XO', 'Ontario', 'XO'),
        ('NAM', 'Namibia', '7920')
)

select known.*
from known
left join {{ ref('dim_geography') }} as places
    on known.geography_id = places.geography_id
    and known.name = places.name
    and known.code in (places.schedule_c_code, places.bts_code)
where places.geography_id is null
