{% macro as_of_body() -%}
select
    series_id,
    period_start,
    frequency,
    value,
    status,
    known_from,
    known_from_basis,
    grade,
    payload_id
from fct_observation_vintage as vintage
where {{ is_known_at_end_of('on_date') }}
    and status <> 'withdrawn'
{%- endmacro %}

{# Vintages are intervals [known_from, known_to): what was known at the end of a day is what spans its midnight. #}
{% macro is_known_at_end_of(day) -%}
    (vintage.known_from < {{ day_after(day) }} and (vintage.known_to is null or vintage.known_to >= {{ day_after(day) }}))
{%- endmacro %}

{# Midnight at the end of a day, as a TIMESTAMP. #}
{% macro day_after(day) -%}
    cast(cast({{ day }} as date) + interval 1 day as timestamp)
{%- endmacro %}
