{#
    What can be told about an event and a series: the row of rpt_answer of the act or of the phase of talks that the event belongs to. The one
    that tells something comes first, else the act. A phase answers for all of its events, also where it is another of them that
    reaches the series. `event` may be a treatment_id, too.
#}
{% macro answer_body() -%}
select
    answer.*
from rpt_answer as answer
left join dim_event as timeline_event on timeline_event.event_id = cast(event as varchar)
where answer.series_id = cast(series as varchar)
    and answer.window_months = months
    and (
        answer.treatment_id = cast(event as varchar)
        or list_contains(answer.event_ids, cast(event as varchar))
        or answer.treatment_id = concat('phase-', timeline_event.cluster_id)
    )
order by case when answer.design = 'none' then 1 else 0 end, case when answer.scope = 'phase' then 1 else 0 end, answer.treatment_id
limit 1
{%- endmacro %}
