{#
    The before-and-after statistics, shared by the reports and the public table macros.
    Belongs here: windows, the aggregates of one window, the formulas that compare windows.
    Does not belong here: which months, events and series are compared (the models and public_macros/ say that).

    Formulas: Welch (1947) with Satterthwaite's degrees of freedom; the rest is arithmetic on window means.
#}

{# Widths and gaps of the report, in months. A table macro takes any. #}
{% macro report_windows() %}{{ return([6, 12, 24]) }}{% endmacro %}
{% macro report_gaps() %}{{ return([0, 1, 3, 6]) }}{% endmacro %}

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

{#
    True unless the figure lies before the declared break of its series: from a break on a series is recorded another way, and
    what came before is shown but never compared with it. Aliases of relations with break_period and with period_start.
#}
{% macro is_after_break(series, observation) -%}
    ({{ series }}.break_period is null or {{ observation }}.period_start >= {{ series }}.break_period)
{%- endmacro %}

{# Whether a series is a balance in money: what is left of two flows, whose changes grow as the flows do. #}
{% macro is_balance() -%}
    ((coalesce(flow, '') = 'balance' or measure = 'trade_balance') and unit not like '%percent%')
{%- endmacro %}

{# The scale of a comparison: logarithms where the series allows them and every value of its windows is positive. #}
{% macro comparison_scale(log_allowed, lowest_value) -%}
    (case when {{ log_allowed }} and {{ lowest_value }} > 0 then 'log' else 'level' end)
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

{# Columns of the four windows of a cut side by side: pre_, post_, earlier_, trend_ (aliases of the joined rows; null without `with_earlier`). #}
{% macro windows_side_by_side(with_earlier=true) -%}
    {%- for role in ['pre', 'post', 'earlier', 'trend'] %}
    {%- for name in ['n_months'] + (window_aggregates() | list) %}
    {%- if with_earlier or role in ['pre', 'post'] %}
    {{ role }}.{{ name }} as {{ role }}_{{ name }}{{ ',' if not loop.last }}
    {%- else %}
    cast(null as {{ 'timestamp' if name == 'newest_known_from' else 'double' }}) as {{ role }}_{{ name }}{{ ',' if not loop.last }}
    {%- endif %}
    {%- endfor %}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    `relation` (windows_side_by_side, with log_allowed and pre_length) with the statistics of each cut.

    pre_length is the number of months of a whole window before; earlier is the window as far before pre as pre is before post. A
    window is complete when every month of it within the life of the series has a value. Of a comparison that leaves months out, n_months
    counts those that are left, and there are no earlier and trend months: they would hold another mix of calendar months.
    Effects are in log points (natural) on the log scale, in the series' own unit on the level scale.
#}
{% macro compare_windows(relation) -%}
    select
        *,
        -- A window with a hole gives no numbers. That it has a hole was known only when the month after the hole was.
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
                    case when is_complete then {{ comparison_scale('log_allowed', 'least(pre_min_level, post_min_level)') }} end
                        as scale
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

{#
    What revisions did to a difference: the difference of the `latest` values less that of the `first` ones. Null where the
    two cannot be compared on one scale, and where `n_revised` of `first`, the months of which a later version is held, is 0: then
    nothing is known of revisions. Aliases of relations with scale, d_log and d_level.
#}
{% macro revision_effect(latest, first) -%}
    case
        when {{ first }}.n_revised = 0 then null
        when {{ latest }}.scale = 'log' and {{ first }}.scale = 'log' then {{ latest }}.d_log - {{ first }}.d_log
        when {{ latest }}.scale = 'level' and {{ first }}.scale = 'level' then {{ latest }}.d_level - {{ first }}.d_level
    end
{%- endmacro %}

{# Why a comparison within the life of a series is withheld: the mean of the other months would hide the missing one. #}
{% macro reason_missing_month() -%}
    'a month of a window has no value'
{%- endmacro %}

{# Why a difference from controls is withheld where every series has one of its own. #}
{% macro reason_unequal_months() -%}
    'a month of a window has no value in one of the series'
{%- endmacro %}

{#
    Why a comparison of first releases is withheld: `n_copied` months of its windows are held only from copies made too late to show
    what was released first, the oldest of them on `oldest_copy`.
#}
{% macro reason_copied_later(n_copied, oldest_copy) -%}
    concat(
        'the first release of ', {{ n_copied }}, ' of the months is not held: the oldest copy held of them is of ',
        cast(cast({{ oldest_copy }} as date) as varchar)
    )
{%- endmacro %}

{# Columns of the report of events, of clusters (subject cluster_id) and of the public macro, in order; reason is last. #}
{% macro before_after_columns(subject='event_id') %}
    {%- set columns = [
        'series_id', 'window_months', 'gap_months', 'is_default_gap', 'as_of_basis', 'as_of', 'cut_month',
        'pre_start', 'pre_end', 'post_start', 'post_end', 'n_pre', 'n_post', 'months_left_out', 'scale', 'pre_mean', 'post_mean',
        'd_level', 'd_log', 'pct_change', 'second_diff', 'trend_dev', 'std_diff', 'welch_t', 'welch_df',
        'placebo_rank', 'n_placebo', 'n_blocks', 'rank_floor', 'rank_threshold', 'z_mad', 'z_threshold', 'mde95',
        'centre', 'distance_at_threshold', 'scope_of_range',
        'family_id', 'family_size', 'bh_min_hits', 'q_bh', 'q_by', 'treatment_id', 'n_other_events', 'n_other_events_any',
        'rival_event_ids', 'rivals_in_windows', 'max_shared_post_share',
    ] %}
    {%- set own = [] if subject == 'cluster_id' else ['cluster_id'] %}
    {{ return([subject] + columns + own + [
        'identified', 'episodes_in_window', 'event_clean', 'preliminary_months', 'false_alarm_rate',
        'family_false_alarm_rate', 'family_false_alarm_se', 'welch_false_alarm_rate', 'revision_effect',
        'share_outside', 'share_outside_rank', 'verdict',
    ]) }}
{% endmacro %}

{# What makes a family of comparisons, besides the series' own family: comparisons of one width, gap and basis are judged together. #}
{% macro family_columns(apart=none) -%}
    {{ return(['family_id', 'window_months', 'gap_months', 'as_of_basis'] + ([apart] if apart else [])) }}
{%- endmacro %}

{#
    False discovery rates of the comparisons of a report: series_id, the columns of a family, placebo_rank, family_size, q_bh, q_by. One row
    for each rank that a series has there, null included, which is in no family but is told its size.

    subjects: events or clusters with cut_month and default_gap_months. apart: a column of theirs that makes families of its own.
#}
{% macro family_rates(subjects, apart=none) -%}
{%- set family = family_columns(apart) -%}
    with members as (
        select
            cuts.series_id,
            {%- for column in family %}
            {{ 'subjects' if column == apart else 'cuts' }}.{{ column }},
            {%- endfor %}
            cuts.placebo_rank,
            count(*) as n_members
        from {{ ref('int_compared_cut') }} as cuts
        inner join {{ subjects }} as subjects
            on cuts.cut_month = subjects.cut_month
            and {{ gap_is_reported('cuts.gap_months', 'subjects.default_gap_months') }}
        group by all
    ),

    of_families as (
        select
            {{ family | join(', ') }},
            placebo_rank,
            sum(n_members) as n_members
        from members
        where placebo_rank is not null
        group by all
    ),

    rates as (
        {{ false_discovery_rates('of_families', family, 'placebo_rank') | indent(8) }}
    ),

    sizes as (
        select distinct {{ family | join(', ') }}, family_size
        from rates
    )

    select
        members.* exclude (n_members),
        coalesce(sizes.family_size, 0) as family_size,
        rates.q_bh,
        rates.q_by
    from members
    left join sizes
        on {% for column in family %}members.{{ column }} = sizes.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    left join rates
        on members.placebo_rank = rates.placebo_rank
        {%- for column in family %}
        and members.{{ column }} = rates.{{ column }}
        {%- endfor %}
{%- endmacro %}

{#
    The rows of a report: verdict, false discovery rates, the share of the treatment's series that is outside, and the reason. Names of
    common table expressions or relations:
    compared: int_compared_cut with `subject`, cluster_id, treatment_id, n_other_events and its like, identified, not_identified_because,
    not_computable_because. rates: family_rates. apart: the column that made families of its own there.
#}
{% macro judged_report(compared, rates, subject, apart=none) -%}
judged as (
    {{ with_verdict(compared) | indent(4) }}
)

select
    {% for column in before_after_columns(subject) -%}
    {% if column in ('family_size', 'q_bh', 'q_by') %}rates.{{ column }}
    {%- elif column.startswith('share_outside') %}share.{{ column }}
    {%- elif column == 'bh_min_hits' %}{{ bh_min_hits('judged.rank_floor', 'rates.family_size') }} as bh_min_hits
    {%- else %}judged.{{ column }}
    {%- endif %},
    {% endfor -%}
    {{ reason_of_verdict() | indent(4) }} as reason
from judged
left join {{ rates }} as rates
    on judged.series_id = rates.series_id
    and judged.placebo_rank is not distinct from rates.placebo_rank
    {%- for column in family_columns(apart) %}
    and judged.{{ column }} = rates.{{ column }}
    {%- endfor %}
left join {{ ref('int_treatment_share') }} as share
    on judged.treatment_id = share.treatment_id
    and judged.series_id = share.series_id
    and judged.window_months = share.window_months
    and judged.gap_months = share.gap_months
    and judged.as_of_basis = share.as_of_basis
{%- endmacro %}

{#
    `relation` with `verdict`. It has not_computable_because (null where there are numbers), event_clean, identified,
    not_identified_because, preliminary_months, withheld_because, scope_of_range and is_far_out. reason_of_verdict() is then the
    reason in words.
#}
{% macro with_verdict(relation) -%}
    select
        *,
        {{ verdict(
            'not_computable_because is null', 'event_clean', 'identified', 'preliminary_months', 'withheld_because', 'scope_of_range',
            'is_far_out'
        ) | indent(8) }} as verdict
    from {{ relation }}
{%- endmacro %}

{% macro reason_of_verdict() -%}
    {{ verdict_reason(
        'verdict', 'coalesce(not_computable_because, withheld_because)', reason_episode(), 'not_identified_because'
    ) }}
{%- endmacro %}

{% macro reason_episode() -%}
    'an episode touches a window'
{%- endmacro %}

{#
    Why an event cannot be told apart, in words. A talk has no window of its own: what can be compared is the phase it belongs to.
    class, cluster_id, identified: of the event.
#}
{% macro not_identified_because(class, cluster_id) -%}
    case
        when {{ class }} = 'talk' and {{ cluster_id }} is null then {{ reason_lone_talk() }}
        when {{ class }} = 'talk' then {{ reason_talk() }}
        else {{ reason_shared() }}
    end
{%- endmacro %}

{% macro reason_talk() -%}
    'a talk is judged as its phase (cluster_id)'
{%- endmacro %}

{% macro reason_lone_talk() -%}
    'a talk has no window of its own, and this one belongs to no phase'
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
