{#
    The public table macros: stored in the database file itself, so that they work from any DuckDB client.
    Belongs here: the list of them, and how one becomes SQL text. Each body has a file of its own beside this one.
    Does not belong here: formulas (before_after.sql, rivals.sql and event_window.sql one folder up are shared with the reports).

    A body reads tables of schema main by their bare names: DuckDB looks them up where the caller stands, so the file
    must be open as the database itself or be in use (`ATTACH ... AS hw; USE hw`). It holds only SQL that DuckDB 1.4 and
    later share: no lambdas, no `//`, and no column that has the name of a parameter (DuckDB would replace it).
#}

{% macro public_macros() %}
    {{ return([
        {
            'name': 'answer',
            'signature': 'answer(event, series, months := 12)',
            'comment': 'What can be told about an event (event_id or treatment_id) and a monthly series that it reaches: its row of rpt_answer, for windows of 6, 12 or 24 months; of the act or the phase that it belongs to, the one that tells something. Where nothing can be told, design is none, and reason and tellable_when say why and when. No row: neither the event nor its phase reaches the series in the life of the series. Descriptive: says what differs, not why.',
            'body': in_either_order(answer_body()),
        },
        {
            'name': 'as_of',
            'signature': 'as_of(on_date)',
            'comment': 'fct_observation (its columns up to payload_id) as it was known at the end of the day on_date (UTC): of each series and period the newest value known by then; withdrawn values are absent.',
            'body': as_of_body(),
        },
        {
            'name': 'before_after',
            'signature': 'before_after(series, event, months := 12, gap := NULL, on_date := NULL, post_months := NULL, keep_event_month := false)',
            'comment': 'One row with the columns and numbers of rpt_before_after for any monthly series, event (event_id or ISO date as text), width, gap and, with on_date, as known that day. Without a gap the own month of an event inside a month is left out (gap_months 1); keep_event_month := true or gap := 0 counts it as before, and other gaps leave it out anyway. Months without a value are left out with the same calendar month of the other window (months_left_out), up to a sixth of the months. Where the window reaches beyond what is known, it is answered with the months there are (n_pre, n_post, reason: window is shorter than asked). post_months: months after the cut when fewer than months are wanted. Descriptive: says what differs, not why.',
            'body': in_either_order(before_after_body()),
        },
        {
            'name': 'placebo',
            'signature': 'placebo(series, event, months := 12, gap := NULL, on_date := NULL, post_months := NULL, keep_event_month := false)',
            'comment': 'What before_after ranks its difference among: the same difference (log points, or units where logs are not allowed) of the same series at every month near no act that reaches it, one row a cut, and the one asked for (is_event). The gap and keep_event_month mean what they do in before_after. Differences of a balance are scaled to the size its changes had before the cut that was asked for. placebo_median is what deviations are taken from.',
            'body': in_either_order(placebo_body()),
        },
        {
            'name': 'event_window',
            'signature': 'event_window(series, event, months := 24)',
            'comment': 'The columns and numbers of rpt_event_window for any monthly series and event (event_id or ISO date as text), months on each side of the cut.',
            'body': in_either_order(event_window_body()),
        },
        {
            'name': 'trace',
            'signature': 'trace(series, period)',
            'comment': 'Where a value comes from: one row a vintage, newest first, with the request, the time of retrieval and the sha256 of the bytes. period is a DATE or text: a day, 2018-02 or 2018; any day within the period will do, and a year is all periods of it. Of a bundled figure also the page of the agency and the public copy that it was read from.',
            'body': trace_body(),
        },
    ]) }}
{% endmacro %}

{# SQL that makes one macro and its comment; run in the database and schema it shall live in. #}
{% macro create_public_macro(macro) -%}
create or replace macro {{ macro.signature }} as table
{{ macro.body | trim }};
comment on macro table {{ macro.name }} is '{{ macro.comment | replace("'", "''") }}';
{%- endmacro %}

{# Post-hook: makes all of them in the database being built. #}
{% macro create_public_macros() -%}
    {%- for macro in public_macros() %}
    {{ create_public_macro(macro) }}
    {%- endfor %}
{%- endmacro %}

{#
    `body` with the series and the event told apart by what is a series_id: before_after, placebo and event_window take the series
    first, answer the event, and a person who writes them the other way round means the same. In a body, the arguments stand as cast(series as varchar) and
    cast(event as varchar).
#}
{% macro in_either_order(body) -%}
    {%- set is_swapped = 'exists (select 1 from dim_series as named where named.series_id = cast(event as varchar))' -%}
    {%- set pieces = {
        'series': '(case when ' ~ is_swapped ~ ' then cast(event as varchar) else cast(series as varchar) end)',
        'event': '(case when ' ~ is_swapped ~ ' then cast(series as varchar) else cast(event as varchar) end)',
    } -%}
    {{- body
        | replace('cast(series as varchar)', '<series>') | replace('cast(event as varchar)', '<event>')
        | replace('<series>', pieces.series) | replace('<event>', pieces.event) -}}
{%- endmacro %}

{#
    The cut of `event`: a timeline event by its id, or a day as ISO text. One row; cut_month is null when it is neither. default_gap_months
    leaves out the own month of an event or a day inside a month.
#}
{% macro requested_cut() -%}
    select
        cast(event as varchar) as event_id,
        timeline_event.cluster_id,
        timeline_event.event_class,
        coalesce(
            timeline_event.cut_month,
            {{ first_whole_month('try_cast(cast(event as varchar) as date)') }}
        ) as cut_month,
        coalesce(timeline_event.default_gap_months, {{ default_gap('try_cast(cast(event as varchar) as date)') }}) as default_gap_months
    from (select 1 as one) as one_row
    left join dim_event as timeline_event on timeline_event.event_id = cast(event as varchar)
{%- endmacro %}
