{#
    The before-and-after statistics, once, for the report and for the public table macro.
    Belongs here: windows, the aggregates of one window, the formulas that compare windows.
    Does not belong here: which months, events and series are compared (the models and public_macros/ say that).

    Formulas: Welch (1947) with Satterthwaite's degrees of freedom; the rest is arithmetic on window means.
#}

{# Widths and gaps of the report, in months. A table macro takes any. #}
{% macro report_windows() %}{{ return([6, 12, 24]) }}{% endmacro %}
{% macro report_gaps() %}{{ return([0, 3, 6]) }}{% endmacro %}

{# Months of the straight line that trend_dev carries on. #}
{% macro trend_months() %}{{ return(36) }}{% endmacro %}

{#
    Months from a month of the window before to its counterpart after the cut. A width of whole years has the same
    mix of calendar months wherever it lies, so it starts a gap earlier. Any other width is paired with the same
    calendar months of the nearest earlier year, whatever the gap: January to June against January to June.
#}
{% macro lag_months(window_months, gap_months) -%}
    (case when {{ window_months }} % 12 = 0 then {{ window_months }} + {{ gap_months }}
        else cast(ceil({{ window_months }} / 12.0) as integer) * 12 end)
{%- endmacro %}

{#
    Whether a series may be compared in logarithms: not a balance, which can pass zero and has no percentage, and not
    what is already a percentage, which is compared in points. Columns of the series relation: measure, flow, unit.
#}
{% macro has_log_scale() -%}
    (coalesce(flow, '') <> 'balance' and measure <> 'trade_balance' and unit not like '%percent%')
{%- endmacro %}

{# Aggregates of one window, in order: name and expression over value, log_value, month_index, status, known_from. #}
{% macro window_aggregates() %}
    {{ return({
        'n_values': 'count(value)',
        'mean_level': 'avg(value)',
        'min_level': 'min(value)',
        'var_level': 'var_samp(value)',
        'mean_log': 'avg(log_value)',
        'var_log': 'var_samp(log_value)',
        'mean_month': 'avg(case when value is not null then month_index end)',
        'slope_level': 'regr_slope(value, month_index)',
        'slope_log': 'regr_slope(log_value, month_index)',
        'n_preliminary': "count(case when status = 'preliminary' then value end)",
        'newest_known_from': 'max(case when value is not null then known_from end)',
    }) }}
{% endmacro %}

{# The aggregates as a select list: `over` names a window for rolling windows, empty for a plain group. #}
{% macro window_statistics(over='') -%}
    {%- for name, expression in window_aggregates().items() %}
    {{ expression }}{{ ' over ' ~ over if over }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# Columns of the four windows of a cut side by side: pre_, post_, earlier_, trend_ (aliases of the joined rows). #}
{% macro windows_side_by_side() -%}
    {%- for role in ['pre', 'post', 'earlier', 'trend'] %}
    {%- for name in ['n_months'] + (window_aggregates() | list) %}
    {{ role }}.{{ name }} as {{ role }}_{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    `relation` (windows_side_by_side, with log_allowed and pre_length) with the statistics of each cut.

    pre_length is the number of months of a whole window before; earlier is the window as far before pre as pre is
    before post. A window is complete when every month of it within the life of the series has a value.
    Effects are in log points (natural) on the log scale, in the series' own unit on the level scale.
#}
{% macro compare_windows(relation) -%}
    select
        *,
        -- a window with a hole states nothing; that it has one was known only with the month after the hole
        case when is_complete then greatest(
            pre_newest_known_from,
            post_newest_known_from,
            case when second_diff is not null then earlier_newest_known_from end,
            case when trend_dev is not null then trend_newest_known_from end
        ) end as as_of
    from (
        select
            *,
            cast(pre_n_values as integer) as n_pre,
            cast(post_n_values as integer) as n_post,
            cast(pre_n_preliminary + post_n_preliminary as integer) as preliminary_months,
            case when is_complete then pre_mean_level end as pre_mean,
            case when is_complete then post_mean_level end as post_mean,
            case when is_complete then post_mean_level - pre_mean_level end as d_level,
            case when scale = 'log' then post_y - pre_y end as d_log,
            case when scale = 'log' then 100 * (exp(post_y - pre_y) - 1) end as pct_change,
            (post_y - pre_y) - (pre_y - earlier_y) as second_diff,
            post_y - (trend_y + trend_slope * (post_mean_month - trend_mean_month)) as trend_dev,
            (post_y - pre_y) / nullif(sqrt((pre_v + post_v) / 2), 0) as std_diff,
            (post_y - pre_y) / nullif(sqrt(pre_v / pre_n_values + post_v / post_n_values), 0) as welch_t,
            power(pre_v / pre_n_values + post_v / post_n_values, 2)
            / nullif(
                power(pre_v / pre_n_values, 2) / nullif(pre_n_values - 1, 0)
                + power(post_v / post_n_values, 2) / nullif(post_n_values - 1, 0),
                0
            ) as welch_df
        from (
            select
                *,
                case scale when 'log' then pre_mean_log when 'level' then pre_mean_level end as pre_y,
                case scale when 'log' then post_mean_log when 'level' then post_mean_level end as post_y,
                case scale when 'log' then pre_var_log when 'level' then pre_var_level end as pre_v,
                case scale when 'log' then post_var_log when 'level' then post_var_level end as post_v,
                case
                    when earlier_n_values < pre_length then null
                    when scale = 'level' then earlier_mean_level
                    when scale = 'log' and earlier_min_level > 0 then earlier_mean_log
                end as earlier_y,
                case
                    when trend_n_values < {{ trend_months() }} then null
                    when scale = 'level' then trend_mean_level
                    when scale = 'log' and trend_min_level > 0 then trend_mean_log
                end as trend_y,
                case scale when 'log' then trend_slope_log when 'level' then trend_slope_level end as trend_slope
            from (
                select
                    *,
                    case
                        when not is_complete then null
                        when log_allowed and pre_min_level > 0 and post_min_level > 0 then 'log'
                        else 'level'
                    end as scale
                from (
                    select
                        *,
                        pre_n_values > 0
                        and post_n_values > 0
                        and pre_n_values = pre_n_months
                        and post_n_values = post_n_months as is_complete
                    from {{ relation }}
                ) as completed
            ) as scaled
        ) as means
    ) as compared
{%- endmacro %}

{# Why a comparison inside the life of a series is withheld: what a hole hides cannot be averaged away. #}
{% macro reason_missing_month() -%}
    'a month of a window has no value'
{%- endmacro %}

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

{# Columns of the report of events, of clusters (subject cluster_id) and of the public macro, in order; reason is last. #}
{% macro before_after_columns(subject='event_id') %}
    {%- set columns = [
        'series_id', 'window_months', 'gap_months', 'as_of_basis', 'as_of', 'cut_month',
        'pre_start', 'pre_end', 'post_start', 'post_end', 'n_pre', 'n_post', 'scale', 'pre_mean', 'post_mean',
        'd_level', 'd_log', 'pct_change', 'second_diff', 'trend_dev', 'std_diff', 'welch_t', 'welch_df',
        'placebo_rank', 'n_placebo', 'n_blocks', 'rank_floor', 'rank_threshold', 'z_mad', 'mde95',
        'family_id', 'family_size', 'bh_min_hits', 'q_bh', 'q_by', 'n_other_events', 'max_shared_post_share',
    ] %}
    {%- set own = [] if subject == 'cluster_id' else ['cluster_id'] %}
    {{ return([subject] + columns + own + [
        'identified', 'episodes_in_window', 'event_clean', 'preliminary_months', 'false_alarm_rate',
        'welch_false_alarm_rate', 'revision_effect', 'verdict',
    ]) }}
{% endmacro %}

{#
    The rows of a report from `relation` (int_compared_cut with `subject`, cluster_id, n_other_events,
    max_shared_post_share, not_computable_because): false discovery rates within families, verdict and its reason.
#}
{% macro judged_report(relation, subject) -%}
select
    {% for column in before_after_columns(subject) -%}
    {{ column }},
    {% endfor -%}
    {{ verdict_reason('verdict', 'not_computable_because', "'an episode touches a window'") | indent(4) }} as reason
from (
    select
        *,
        max_shared_post_share <= {{ max_shared_share() }} as identified,
        {{ verdict(
            'not_computable_because is null', 'event_clean', 'max_shared_post_share', 'preliminary_months', 'n_blocks',
            'placebo_rank <= rank_threshold'
        ) | indent(8) }} as verdict
    from (
        {{ with_false_discovery_rates(
            relation, ['family_id', 'window_months', 'gap_months', 'as_of_basis'], 'placebo_rank', 'rank_floor'
        ) | indent(8) }}
    ) as with_rates
) as judged
{%- endmacro %}

{# Every combination of width and gap of the report, with the months between counterparts. #}
{% macro report_grid() -%}
    select
        window_months,
        gap_months,
        {{ lag_months('window_months', 'gap_months') }} as lag_months
    from (
        {%- for window in report_windows() %}{% set first = loop.first %}{% for gap in report_gaps() %}
        {{ 'union all ' if not (first and loop.first) }}select {{ window }} as window_months, {{ gap }} as gap_months
        {%- endfor %}{% endfor %}
    ) as widths
{%- endmacro %}

{#
    Whether a confounding episode touches a series. applies_to lists what it disturbs: all; autos (vehicles, their parts
    and engines); employment; trade (values, duties, balances, not prices); usa_statistics (any series of the USA).
    When in doubt it touches: a comparison called unclean by mistake costs less than one called clean by mistake.
    Aliases of relations with the columns of dim_episode and dim_series.
#}
{% macro episode_applies(episode, series) -%}
    (
        {{ episode }}.applies_to = 'all'
        or ({{ applies_to_has(episode, 'autos') }} and {{ is_automotive(series) }})
        or ({{ applies_to_has(episode, 'employment') }} and {{ series }}.measure in ('employment', 'employment_share', 'employment_index'))
        or ({{ applies_to_has(episode, 'trade') }}
            and {{ series }}.measure in (
                'trade_value', 'trade_value_real', 'trade_value_per_weekday', 'trade_balance', 'duty', 'duty_rate',
                'import_share', 'export_share', 'usmca_claimed_share'
            ))
        or ({{ applies_to_has(episode, 'usa_statistics') }} and {{ series }}.geography_iso3 = 'USA')
    )
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
