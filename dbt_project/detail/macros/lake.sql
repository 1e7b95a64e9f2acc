{# What differs between the two engines stands here and nowhere else; every macro is run by tests of both. #}

{# A flow of the lake: a relation over exactly the files that the catalogue names (orchestration/build/detail/engines.py). Spark knows
   relations over a list of files only as views of the session. #}
{% macro lake(flow) -%}
    {{ return(adapter.dispatch('lake')(flow)) }}
{%- endmacro %}

{% macro duckdb__lake(flow) -%}
    lake.{{ flow }}
{%- endmacro %}

{% macro spark__lake(flow) -%}
    global_temp.{{ flow }}
{%- endmacro %}

{# A sum of whole numbers as one. DuckDB would make a HUGEINT of it, which Parquet holds as DOUBLE. #}
{% macro whole_sum(column, condition=none) -%}
    cast(coalesce(sum({{ column }}){% if condition is not none %} filter (where {{ condition }}){% endif %}, 0) as bigint)
{%- endmacro %}

{# How many percent `part` is of `whole`, null where there is no whole. Both are whole numbers, so that every engine divides the same
   two doubles and gets the same one. #}
{% macro percent(part, whole) -%}
    100 * cast({{ part }} as double) / cast(nullif({{ whole }}, 0) as double)
{%- endmacro %}

{# The edition of the Harmonised System that codes of a month are of. #}
{% macro hs_edition(month) -%}
    case
        when {{ month }} >= date '2022-01-01' then 'HS 2022'
        when {{ month }} >= date '2017-01-01' then 'HS 2017'
        when {{ month }} >= date '2012-01-01' then 'HS 2012'
    end
{%- endmacro %}
