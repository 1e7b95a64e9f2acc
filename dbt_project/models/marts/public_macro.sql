-- The text of the public table macros. A release makes them again in the released file from `create_sql`.
-- They are made here after the tables they read: {{ ref('fct_observation_vintage') }}, {{ ref('fct_observation') }},
-- {{ ref('dim_series') }}, {{ ref('dim_event') }}, {{ ref('dim_episode') }}, {{ ref('dim_payload') }},
-- {{ ref('rpt_before_after') }}, {{ ref('rpt_method_calibration') }}, {{ ref('rpt_event_exposure') }},
-- {{ ref('rpt_answer') }}
{{ config(schema='intermediate', contract={'enforced': false}, post_hook=['{{ create_public_macros() }}']) }}
{%- for macro in public_macros() %}
select
    '{{ macro.name }}' as name,
    '{{ macro.signature }}' as signature,
    '{{ macro.comment | replace("'", "''") }}' as comment,
    '{{ create_public_macro(macro) | replace("'", "''") }}' as create_sql
{{ 'union all' if not loop.last }}
{%- endfor %}
order by name
