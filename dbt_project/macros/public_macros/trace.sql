{% macro trace_body() -%}
select
    vintage.series_id,
    vintage.period_start,
    vintage.frequency,
    vintage.value,
    vintage.status,
    vintage.revision_number,
    vintage.known_from,
    vintage.known_to,
    vintage.known_from_basis,
    vintage.grade,
    vintage.known_to is null as is_latest,
    payload.source_id,
    payload.request_url,
    payload.retrieved_at,
    payload.http_status,
    payload.media_type,
    payload.sha256,
    payload.bytes,
    payload.archive_path,
    vintage.payload_id
from fct_observation_vintage as vintage
left join dim_payload as payload on vintage.payload_id = payload.payload_id
where vintage.series_id = cast(series as varchar)
    -- '2018' and '2018-02' are filled up to a day
    and vintage.period_start = cast(date_trunc(
        case vintage.frequency
            when 'monthly' then 'month'
            when 'quarterly' then 'quarter'
            when 'annual' then 'year'
            else 'day'
        end,
        cast(left(cast(period as varchar) || '-01-01', 10) as date)
    ) as date)
order by vintage.known_from desc
{%- endmacro %}
