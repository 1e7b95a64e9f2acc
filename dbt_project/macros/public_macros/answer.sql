{#
    What can be told about an event and a series: the row of rpt_answer, with the event that was asked about. An act within a phase of talks
    has two, and the one that tells something comes first, else the act. `event` may also be a treatment_id.
#}
{% macro answer_body() -%}
select
    bridge.event_id,
    answer.*
from rpt_answer as answer
inner join bridge_event_treatment as bridge
    on answer.treatment_id = bridge.treatment_id
    and answer.series_id = bridge.series_id
where (bridge.event_id = cast(event as varchar) or answer.treatment_id = cast(event as varchar))
    and answer.series_id = cast(series as varchar)
    and answer.window_months = months
order by case when answer.design = 'none' then 1 else 0 end, answer.scope, bridge.event_id
limit 1
{%- endmacro %}
