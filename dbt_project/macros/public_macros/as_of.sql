{# Vintages are intervals [known_from, known_to): what was known at the end of a day is what spans its midnight. #}
{% macro as_of_body() -%}
select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_from_basis,
    payload_id
from fct_observation_vintage
where known_from < {{ day_after('on_date') }}
    and (known_to is null or known_to >= {{ day_after('on_date') }})
    and status <> 'withdrawn'
{%- endmacro %}

{# Midnight at the end of a day, as a TIMESTAMP. #}
{% macro day_after(day) -%}
    cast(cast({{ day }} as date) + interval 1 day as timestamp)
{%- endmacro %}
