{% macro event_window_body() -%}
with request as (
    {{ requested_cut() | indent(4) }}
),

subject as (
    select
        *,
        {{ has_log_scale() }} as log_allowed
    from dim_series
    where series_id = cast(series as varchar)
        and frequency = 'monthly'
),

known as (
    select observation.*
    from fct_observation as observation
    inner join subject on observation.series_id = subject.series_id
    where observation.series_id = cast(series as varchar)
        and {{ is_after_break('subject', 'observation') }}
),

-- within the life of the series, a month that nobody published is a row with a null
life as (
    select
        min(period_start) as first_month,
        max(period_start) as last_month
    from known
    where value is not null
),

spine as (
    select cast(unnest(generate_series(
        greatest(life.first_month, {{ add_months('request.cut_month', '-greatest(months, 12)') }}),
        least(life.last_month, {{ add_months('request.cut_month', 'months') }}),
        interval 1 month
    )) as date) as period_start
    from life
    cross join request
),

around_cut as (
    select
        request.event_id,
        request.cut_month,
        subject.series_id,
        subject.log_allowed,
        {{ months_between('request.cut_month', 'spine.period_start') }} as month_offset,
        spine.period_start,
        known.value,
        year_before.value as value_year_before,
        coalesce(known.status = 'preliminary', false) as is_preliminary
    from request
    cross join subject
    cross join spine
    left join known on spine.period_start = known.period_start
    left join known as year_before
        on {{ add_months('spine.period_start', -12) }} = year_before.period_start
),

measured as (
    {{ event_window_statistics('around_cut') | indent(4) }}
),

episode_spans as (
    select
        {{ month_start('episode.starts_on') }} as first_month,
        {{ episode_end('episode') }} as ends_on,
        {{ is_publication_gap('episode') }} as is_gap
    from dim_episode as episode
    inner join subject on {{ episode_applies('episode', 'subject') }}
)

select
    event_id,
    series_id,
    cast(month_offset as integer) as month_offset,
    period_start,
    value,
    log_value,
    yoy_pct,
    index_100,
    exists (
        select 1 from episode_spans
        where measured.period_start between episode_spans.first_month and episode_spans.ends_on
            and (not episode_spans.is_gap or measured.value is null)
    ) as in_episode,
    is_preliminary
from measured
where month_offset between -months and months
order by month_offset
{%- endmacro %}
