{#
    What stands in the way of a comparison: other events, and episodes such as a strike that would explain a difference.
    Belongs here: when an event or an episode lies in the windows of a cut, which series an episode disturbs, what is compared as one.
    Does not belong here: the windows and their formulas (before_after.sql), the verdict (placebo.sql).
#}

{# Share of a window of `window_months` after one cut that also lies after another cut `distance` months away. #}
{% macro shared_post_share(window_months, distance) -%}
    greatest(0, {{ window_months }} - abs({{ distance }})) / cast(nullif({{ window_months }}, 0) as double)
{%- endmacro %}

{# True when a cut `distance` months after this one lies between the first month before and the last month after. #}
{% macro cut_in_windows(distance, window_months, lag_months) -%}
    ({{ distance }} between -{{ lag_months }} and {{ window_months }} - 1)
{%- endmacro %}

{# What stands in each other's way, from `pairs` (subject, window_months, gap_months, lag_months, distance in months). #}
{% macro overlaps(pairs, subject) -%}
select
    {{ subject }},
    window_months,
    gap_months,
    cast(count(case when {{ cut_in_windows('distance', 'window_months', 'lag_months') }} then 1 end) as integer) as n_other_events,
    coalesce(max({{ shared_post_share('window_months', 'distance') }}), 0) as max_shared_post_share
from {{ pairs }}
group by {{ subject }}, window_months, gap_months
{%- endmacro %}

{#
    Rivals from `pairs` (the keys, window_months, gap_months, rival_id, distance in months; only rivals within the windows):
    rivals_in_windows (all of them), rival_event_ids (those after which more than half of the window after lies, so that the two cannot
    be told apart), n_other_events, max_shared_post_share.
#}
{% macro rivals(pairs, keys) -%}
select
    {{ keys | join(', ') }},
    window_months,
    gap_months,
    cast(count(*) as integer) as n_other_events,
    max({{ shared_post_share('window_months', 'distance') }}) as max_shared_post_share,
    {{ sorted_list('rival_id') }} as rivals_in_windows,
    {{ sorted_list_where('rival_id', shared_post_share('window_months', 'distance') ~ ' > ' ~ max_shared_share()) }} as rival_event_ids
from {{ pairs }}
group by {{ keys | join(', ') }}, window_months, gap_months
{%- endmacro %}

{#
    Column -> expression: what stands in the way of a comparison at the cut of `cuts` (int_compared_cut) when the event that was there
    does not reach the series. It is a date like any other then, and the acts of the same month are in its way, too.
#}
{% macro rivals_of_a_date(cuts) %}
    {{ return({
        'n_other_events': 'cast(' ~ cuts ~ '.n_other_events + ' ~ list_length(cuts ~ '.act_event_ids') ~ ' as integer)',
        'max_shared_post_share':
            'case when ' ~ list_length(cuts ~ '.act_event_ids') ~ ' > 0 then 1 else ' ~ cuts ~ '.max_shared_post_share end',
        'rival_event_ids': merged_list(cuts ~ '.rival_event_ids', cuts ~ '.act_event_ids'),
        'rivals_in_windows': merged_list(cuts ~ '.rivals_in_windows', cuts ~ '.act_event_ids'),
    }) }}
{% endmacro %}

{#
    What stands in the way of a comparison, column -> expression, with the user's own other events added where it is about one of these.
    expressions: as of rivals_of_a_date; own: alias of int_own_rival, left joined.
#}
{% macro with_own_rivals(expressions, own) %}
    {% set added = {
        'n_other_events': 'cast(' ~ expressions.n_other_events ~ ' + ' ~ own ~ '.n_other_events as integer)',
        'max_shared_post_share': 'greatest(' ~ expressions.max_shared_post_share ~ ', ' ~ own ~ '.max_shared_post_share)',
        'rival_event_ids': merged_list(expressions.rival_event_ids, own ~ '.rival_event_ids'),
        'rivals_in_windows': merged_list(expressions.rivals_in_windows, own ~ '.rivals_in_windows'),
    } %}
    {% set chosen = {} %}
    {% for column, expression in expressions.items() %}
        {% do chosen.update({
            column: 'case when ' ~ own ~ '.event_id is null then ' ~ expression ~ ' else ' ~ added[column] ~ ' end'
        }) %}
    {% endfor %}
    {{ return(chosen) }}
{% endmacro %}

{#
    Whether an event (alias of a relation with origin) is of the user's own timelines. It is compared like a date that somebody asks about, and
    stands in the way of nothing but the same user's other events: it is no rival, no treatment and no step in a regression of a
    bundled event, and takes no month from the dates without an event, so that every figure about bundled events, and every false-alarm rate,
    is the same with and without it.
#}
{% macro is_own(event) -%}
    coalesce({{ event }}.origin, 'headway') = 'user'
{%- endmacro %}

{# Name of the treatment that all acts with one cut month are together. #}
{% macro act_treatment(cut_month) -%}
    concat('act-', left(cast({{ cut_month }} as varchar), 7))
{%- endmacro %}

{# What an event (alias of a relation with event_class, cluster_id and cut_month) is judged as: null where it does not reach the series. #}
{% macro treatment_of_event(reaches, event) -%}
    case
        when not ({{ reaches }}) then null
        when {{ event }}.event_class = 'act' then {{ act_treatment(event ~ '.cut_month') }}
        when {{ event }}.cluster_id is not null then {{ phase_treatment(event ~ '.cluster_id') }}
    end
{%- endmacro %}

{# Name of the treatment that a phase of talks is. #}
{% macro phase_treatment(cluster_id) -%}
    concat('phase-', {{ cluster_id }})
{%- endmacro %}

{# True when a date `distance` months from an event is too near to count as a date without one: their windows after share a month. #}
{% macro is_near_event(distance, window_months) -%}
    abs({{ distance }}) < {{ window_months }}
{%- endmacro %}

{# True when an episode from `first` to `last` shares a month with the window before or with the window after. #}
{% macro touches_windows(first, last, pre_first, pre_last, post_first, post_last) -%}
    (
        ({{ first }} <= {{ pre_last }} and {{ last }} >= {{ pre_first }})
        or ({{ first }} <= {{ post_last }} and {{ last }} >= {{ post_first }})
    )
{%- endmacro %}

{# The last day of an episode; one without an end is still going on. #}
{% macro episode_end(episode) -%}
    coalesce({{ episode }}.ends_on, date '9999-12-31')
{%- endmacro %}

{#
    Whether a confounding episode touches a series. applies_to lists what it disturbs: all; autos (vehicles, their parts
    and engines); employment; trade (values, duties, balances, not prices); usa_statistics (any series of the USA).
    Of usa_statistics only months without a value count: a gap in the publications disturbs no month that was published later.
    When in doubt it touches: a comparison called unclean by mistake costs less than one called clean by mistake.
    Aliases of relations with the columns of dim_episode and dim_series.
#}
{% macro episode_applies(episode, series) -%}
    (
        {{ episode }}.applies_to = 'all'
        or ({{ applies_to_has(episode, 'autos') }} and {{ is_automotive(series) }})
        or ({{ applies_to_has(episode, 'employment') }} and {{ series }}.measure in ('employment', 'state_employment', 'employment_share', 'employment_index'))
        or ({{ applies_to_has(episode, 'trade') }}
            and {{ series }}.measure in (
                'trade_value', 'trade_value_real', 'trade_value_per_weekday', 'trade_balance', 'duty', 'duty_rate',
                'import_share', 'export_share', 'usmca_claimed_share', 'freight_value'
            ))
        or ({{ applies_to_has(episode, 'usa_statistics') }} and {{ series }}.geography_iso3 = 'USA')
    )
{%- endmacro %}

{# Whether an episode is a gap in what is published, which counts only where a month has no value. #}
{% macro is_publication_gap(episode) -%}
    {{ applies_to_has(episode, 'usa_statistics') }}
{%- endmacro %}

{% macro applies_to_has(episode, tag) -%}
    concat(';', {{ episode }}.applies_to, ';') like '%;{{ tag }};%'
{%- endmacro %}

{#
    By code where the agency's code says so (NAICS 336, HS 87, engines 8407-8409 and tyres 4011, BEA end use 3), by unit
    or name where there is none (CPI of new vehicles, BEA's unit sales).
#}
{% macro is_automotive(series) -%}
    (
        {{ series }}.unit = 'vehicles'
        or {{ series }}.industry_code like '336%'
        or ({{ series }}.product_system = 'HS'
            and ({{ series }}.product_code like '87%' or {{ series }}.product_code in ('8407', '8408', '8409', '4011')))
        or ({{ series }}.product_system = 'BEA end use' and {{ series }}.product_code like '3%')
        or {{ series }}.series_id like '%vehicle%'
        or {{ series }}.series_id like '%autos%'
    )
{%- endmacro %}
