{#
    A number's vintages with the bytes they came from. Of a bundled figure also where those came from: the agency's page and table, and
    the public copy; an answer of the agency itself has its own address in request_url.
#}
{% macro trace_body() -%}
with vintages as (
    select
        vintage.*,
        series_row.source_code,
        coalesce(series_row.fred_alias, series_row.source_code) as file_code,
        -- the code of a computed series is a formula
        series_row.source_id = 'headway_derived' as is_derived
    from fct_observation_vintage as vintage
    left join dim_series as series_row on vintage.series_id = series_row.series_id
    where vintage.series_id = cast(series as varchar)
        -- '2018' is every period of that year; '2018-02' is filled up to a day
        and case
            when length(cast(period as varchar)) = 4
                then left(cast(vintage.period_start as varchar), 4) = cast(period as varchar)
            else vintage.period_start = cast(date_trunc(
                case vintage.frequency
                    when 'monthly' then 'month'
                    when 'quarterly' then 'quarter'
                    when 'annual' then 'year'
                    else 'day'
                end,
                cast(left(cast(period as varchar) || '-01-01', 10) as date)
            ) as date)
        end
),

origins as (
    select
        vintages.period_start,
        vintages.known_from,
        origin.*,
        row_number() over (
            partition by vintages.period_start, vintages.known_from
            order by case when len(origin.known_on) > 0 then 0 else 1 end, length(origin.series_like) desc, origin.series_like
        ) as place
    from vintages
    inner join dim_payload as payload on vintages.payload_id = payload.payload_id
    inner join dim_figure_origin as origin
        on payload.source_id = 'figures'
        and payload.dataset = origin.dataset
        and vintages.series_id like origin.series_like
        and (
            len(origin.known_on) = 0
            or list_contains(origin.known_on, left(cast(vintages.known_from as varchar), 10))
        )
)

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
    vintage.payload_id,
    vintage.adds_digits,
    coalesce(
        case
            when vintage.is_derived then replace(origin.agency_page, '/{code}', '')
            else replace(origin.agency_page, '{code}', coalesce(vintage.source_code, ''))
        end,
        case when payload.source_id <> 'figures' then payload.request_url end
    ) as agency_page,
    case when not vintage.is_derived then replace(origin.agency_table, '{code}', coalesce(vintage.source_code, '')) end as agency_table,
    origin.copy_repository,
    replace(origin.copy_path, '{alias}', coalesce(vintage.file_code, '')) as copy_path,
    origin.copy_commit,
    case when origin.dataset is not null then cast(vintage.known_from as date) end as copied_on,
    origin.note as copy_note
from vintages as vintage
left join dim_payload as payload on vintage.payload_id = payload.payload_id
left join origins as origin
    on vintage.period_start = origin.period_start
    and vintage.known_from = origin.known_from
    and origin.place = 1
order by vintage.period_start, vintage.known_from desc
{%- endmacro %}
