{# Calendar arithmetic whose functions differ between engines: models call these, never the engine's own. #}

{# `months` later (earlier when negative), as a DATE. #}
{% macro add_months(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{# `days` later (earlier when negative), as a DATE. #}
{% macro add_days(day, days) -%}
    cast({{ day }} + to_days(cast({{ days }} as integer)) as date)
{%- endmacro %}

{# First day of the month of `day`, as a DATE (date_trunc gives a TIMESTAMP). #}
{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{# First day of the first whole month that does not begin before `day`. #}
{% macro first_whole_month(day) -%}
    (case when extract(day from {{ day }}) = 1 then {{ day }}
        else {{ add_months(month_start(day), 1) }} end)
{%- endmacro %}

{# Calendar months from the month of `first` to the month of `second`; days within the months do not count. #}
{% macro months_between(first, second) -%}
    ((extract(year from {{ second }}) - extract(year from {{ first }})) * 12
        + extract(month from {{ second }}) - extract(month from {{ first }}))
{%- endmacro %}

{# Whole days from `first` to `second`, both read as dates. #}
{% macro days_between(first, second) -%}
    date_diff('day', cast({{ first }} as date), cast({{ second }} as date))
{%- endmacro %}

{# Last day of the period that begins on `period_start`, as a DATE. #}
{% macro last_day_of_period(period_start, frequency) -%}
    (case {{ frequency }}
        when 'monthly' then {{ add_months(period_start, 1) }} - 1
        when 'quarterly' then {{ add_months(period_start, 3) }} - 1
        when 'annual' then {{ add_months(period_start, 12) }} - 1
        else {{ period_start }}
    end)
{%- endmacro %}

{# Every first day of a month from `first` to `last` (ISO dates), one row each: column `month_start`. #}
{% macro month_spine(first, last) -%}
    select cast(unnest(generate_series(date '{{ first }}', date '{{ last }}', interval 1 month)) as date) as month_start
{%- endmacro %}

{# When this build ran, naive UTC: var `build_timestamp` where a run must be repeatable, else dbt's start time. #}
{% macro build_timestamp() -%}
    timestamp '{{ var("build_timestamp", run_started_at.strftime("%Y-%m-%d %H:%M:%S")) }}'
{%- endmacro %}

{# Mondays to Fridays in the month [month_start, next_month), public holidays not considered. #}
{% macro weekdays_in_month(month_start, next_month) -%}
    cast(len(list_filter(
        generate_series({{ month_start }}, {{ next_month }} - interval 1 day, interval 1 day),
        lambda d: isodow(d) < 6
    )) as smallint)
{%- endmacro %}
