{# Fails with each event and series whose index_100 does not average 100 over the months -12 to -1. #}
{% test base_of_index_is_100(model) %}
    select event_id, series_id, avg(index_100) as base
    from {{ model }}
    where month_offset between -12 and -1
    group by event_id, series_id
    having abs(avg(index_100) - 100) > 1e-9
{% endtest %}
