-- The default row of an event leaves out the event's own month, and nothing else: its windows of whole years end right before that month.
{% test own_month_is_in_no_window(model) %}
select report.*
from {{ model }} as report
inner join {{ ref('dim_event') }} as event on report.event_id = event.event_id
where report.is_default_gap
    and (
        coalesce(event.own_month between report.pre_start and report.pre_end, false)
        or coalesce(event.own_month between report.post_start and report.post_end, false)
        or (
            report.window_months % 12 = 0
            and report.pre_end <> {{ add_months('coalesce(event.own_month, event.cut_month)', '-1') }}
        )
    )
{% endtest %}
