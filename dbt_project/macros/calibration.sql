{#
    How often a method fires at dates without an event. Belongs here: what the models of calibration share.
    Does not belong here: the methods' own statistics.
#}

{#
    The rate of false alarms that a method claims before anything is measured: Welch's test fires beyond its 97.5th
    percentile on either side, a rank where it is at most this, a forecast outside its interval of 95 %. What is measured is
    another thing, and so is the rate that calibration aims at (false_alarm_target).
#}
{% macro nominal_level() %}{{ return(0.05) }}{% endmacro %}

{#
    Half of the dates, 0 or 1: stretches of months by turns, so that a level chosen on one half is tried on the other. The
    column for_half of int_rank_threshold says which half a level is for.
#}
{% macro calibration_half(cut_month) -%}
    (cast(floor({{ months_between("date '1900-01-01'", cut_month) }} / {{ placebo_block() }}) as integer) % 2)
{%- endmacro %}

{#
    Whether Welch's test fires at 5 %, two-sided. The quantile of t is that of the normal distribution with its
    expansion in 1 / df (Abramowitz and Stegun 26.7.5), as SQL has none: within 5e-6 from 11 degrees on, 3e-4 at 5.
#}
{% macro welch_fires(t, df) -%}
    (abs({{ t }}) > {{ student_quantile_975(df) }})
{%- endmacro %}

{% macro student_quantile_975(df) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set g1 = (z ** 3 + z) / 4 -%}
    {%- set g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96 -%}
    {%- set g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384 -%}
    {%- set g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160 -%}
    ({{ z }} + {{ g1 }} / {{ df }} + {{ g2 }} / power({{ df }}, 2) + {{ g3 }} / power({{ df }}, 3)
        + {{ g4 }} / power({{ df }}, 4))
{%- endmacro %}

{# In for_half: the level that was chosen on the dates of both halves together. Comparisons of events are held against it. #}
{% macro both_halves() %}{{ return(2) }}{% endmacro %}

{#
    Two aggregates, from rows of measured rates with method and false_alarm_rate: how often the calibrated rank and Welch's
    test fire at dates without an event. `condition` says which rows count.
#}
{% macro measured_rates(condition) -%}
    max(case when {{ condition }} and method = 'placebo_rank_calibrated' then false_alarm_rate end) as false_alarm_rate,
    max(case when {{ condition }} and method = 'welch' then false_alarm_rate end) as welch_false_alarm_rate
{%- endmacro %}

{# An aggregate: the value below which a share of the group lies, interpolated linearly. #}
{% macro quantile(expression, share) -%}
    quantile_cont({{ expression }}, {{ share }})
{%- endmacro %}

{# The stretch of calendar months that a date belongs to: alarms within one come together. #}
{% macro stretch(cut_month) -%}
    cast(floor({{ months_between("date '1900-01-01'", cut_month) }} / {{ placebo_block() }}) as integer)
{%- endmacro %}

{# The years for which false alarms are published apart: before China joined the WTO, up to the talks, and since. #}
{% macro era(cut_month) -%}
    case
        when {{ cut_month }} < date '2001-01-01' then '1985-2000'
        when {{ cut_month }} < date '2017-01-01' then '2001-2016'
        else '2017-'
    end
{%- endmacro %}

{# Series that a month without an event takes for the share of them that is outside to be one: of five, one would be a fifth. #}
{% macro min_quiet_series() %}{{ return(20) }}{% endmacro %}
