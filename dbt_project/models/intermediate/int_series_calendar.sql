-- One row names the calendar of a monthly series. Series that the same bundled events of the report reach share one, which is called after
-- the first of them. What depends on events alone (rivals, dates without an event) is then worked out once a calendar.
with reached as (
    select
        series_id,
        {{ sorted_list('event_id') }} as event_ids
    from (
        select distinct
            reach.series_id,
            reach.event_id
        from {{ ref('int_event_reach') }} as reach
        inner join {{ ref('int_event_cut') }} as cut on reach.event_id = cut.event_id
        where cut.in_report and not {{ is_own('cut') }}
    ) as pairs
    group by series_id
)

select
    series.series_id,
    min(series.series_id) over (partition by coalesce(reached.event_ids, {{ empty_list() }})) as calendar_id
from {{ ref('int_known_series') }} as series
left join reached on series.series_id = reached.series_id
where series.frequency = 'monthly'
order by series.series_id
