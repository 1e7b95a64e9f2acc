{#
    Where a comparison stands among the same comparison at dates at which nothing is known to have happened.
    Belongs here: which dates those are, how many are needed, the rank. Does not belong here: the comparison itself.

    The rank is one "in time": it takes past cuts as exchangeable with this one. Neighbouring cuts share months, so it is
    finer than the history deserves; n_blocks says how many stretches without a common month there are.
#}

{# Months between a cut and its placebo cuts, at least: no month after the event is then in their windows before. #}
{% macro placebo_distance() %}{{ return(24) }}{% endmacro %}

{# Fewer placebo cuts give neither a rank nor a detectable change. #}
{% macro min_placebo_cuts() %}{{ return(36) }}{% endmacro %}

{# Placebo cuts in a block, and blocks that a verdict takes: 118 cuts are 4 blocks, about 4 separate comparisons. #}
{% macro placebo_block() %}{{ return(24) }}{% endmacro %}
{% macro min_placebo_blocks() %}{{ return(6) }}{% endmacro %}

{# Share of |deviations| at a rank that counts as unusual; the rate at which it fires by chance is not measured yet. #}
{% macro placebo_level() %}{{ return(0.05) }}{% endmacro %}

{#
    (1 + number at least as far out) / (1 + number), from `n_as_far` of `n_placebo`. Never 0: the smallest is 1 / (1 + N).
#}
{% macro placebo_rank(n_as_far, n_placebo) -%}
    ((1 + {{ n_as_far }}) / cast(1 + {{ n_placebo }} as double))
{%- endmacro %}

{# True when `placebo` is at least as far from the middle as `statistic`: what is equal but for rounding counts as equal. #}
{% macro as_far_out(placebo, statistic, middle) -%}
    (abs({{ placebo }} - {{ middle }}) >= abs({{ statistic }} - {{ middle }}) - 1e-12)
{%- endmacro %}

{# An aggregate: the value below which a share of the group lies, interpolated linearly. #}
{% macro quantile(expression, share) -%}
    {{ return(adapter.dispatch('quantile', 'headway')(expression, share)) }}
{%- endmacro %}

{% macro default__quantile(expression, share) -%}
    percentile({{ expression }}, {{ share }})
{%- endmacro %}

{% macro duckdb__quantile(expression, share) -%}
    quantile_cont({{ expression }}, {{ share }})
{%- endmacro %}

{# Why a comparison in logs is withheld where every month has a value. #}
{% macro reason_not_positive() -%}
    'a value of a window is not positive'
{%- endmacro %}
