{#
    Where a comparison stands among the same comparison at dates at which nothing is known to have happened.
    Belongs here: which dates those are, how many are needed, the rank of one comparison, the rule of the verdict.
    Does not belong here: the ranks of the reports (transforms/statistics/standing.py); the comparison itself; the level at which a rank is unusual, which is measured
    (models/intermediate/int_rank_threshold.sql).

    The rank is one "in time": it takes past cuts as exchangeable with this one. Neighbouring cuts share months, so it is
    finer than the history deserves; n_blocks says how many stretches without a common month there are.
#}

{# Months between a cut and its placebo cuts, at least: no month after the event is then in their windows before. #}
{% macro placebo_distance() %}{{ return(24) }}{% endmacro %}

{# Fewer placebo cuts give neither a rank nor a detectable change. #}
{% macro min_placebo_cuts() %}{{ return(36) }}{% endmacro %}

{#
    Placebo cuts in a block, and how many blocks a verdict takes. Neighbouring cuts share most of their months, so 118 cuts are worth
    about as much as 4 separate comparisons.
#}
{% macro placebo_block() %}{{ return(24) }}{% endmacro %}
{% macro min_placebo_blocks() %}{{ return(6) }}{% endmacro %}

{# Share of dates without an event at which the verdict may say "outside": the level of ranks is set so that it does. #}
{% macro false_alarm_target() %}{{ return(0.05) }}{% endmacro %}

{# Share of a window after that may also be after another event: beyond it the two cannot be told apart. #}
{% macro max_shared_share() %}{{ return(0.5) }}{% endmacro %}

{# How many blocks so many placebo cuts are. #}
{% macro placebo_blocks(n_placebo) -%}
    cast(floor({{ n_placebo }} / {{ placebo_block() }}) as integer)
{%- endmacro %}

{#
    (1 + number at least as far out) / (1 + number), from `n_as_far` of `n_placebo`. Never 0: the smallest is 1 / (1 + N).
#}
{% macro placebo_rank(n_as_far, n_placebo) -%}
    ((1 + {{ n_as_far }}) / cast(1 + {{ n_placebo }} as double))
{%- endmacro %}

{# Share of the dates without an event whose distance from their median makes the usual range: mde95 is its half-width. #}
{% macro usual_share() %}{{ return(0.95) }}{% endmacro %}

{# Two distances that differ by no more than this are equal but for rounding, and count as equally far out. #}
{% macro rounding() %}{{ return('1e-12') }}{% endmacro %}

{# Half the width of a range that holds as much as a standard deviation of normal values does, from the median |x - median|. #}
{% macro mad_to_sd() %}{{ return(1.4826) }}{% endmacro %}

{# A signed distance from the median, in units of mad_to_sd() times the median distance; null where that is 0. #}
{% macro robust_z(signed_distance, median_distance) -%}
    {{ signed_distance }} / nullif({{ mad_to_sd() }} * {{ median_distance }}, 0)
{%- endmacro %}

{#
    The verdict. Reasons to give none come first, in this order: the numbers cannot be computed, an episode touches a window, other
    events share the window, a month is preliminary, there is too little history.
#}
{% macro verdict(computable, clean, shared, preliminary_months, n_blocks, far_out) -%}
    case
        when not {{ computable }} then 'not_computable'
        when not {{ clean }} then 'confounded'
        when {{ shared }} > {{ max_shared_share() }} then 'overlapping'
        when {{ preliminary_months }} > 0 then 'preliminary_data'
        when {{ n_blocks }} < {{ min_placebo_blocks() }} then 'not_enough_history'
        when ({{ far_out }}) is null then 'not_enough_history'
        when {{ far_out }} then 'outside_usual_range'
        else 'within_usual_range'
    end
{%- endmacro %}

{#
    Why there is no verdict outside_usual_range or within_usual_range, in words. The caller says what kept the numbers from being
    computed and what makes the comparison unclean.
#}
{% macro verdict_reason(verdict, not_computable, not_clean) -%}
    case {{ verdict }}
        when 'not_computable' then {{ not_computable }}
        when 'confounded' then {{ not_clean }}
        when 'overlapping' then 'more than half of the window after is shared with another event'
        when 'preliminary_data' then 'a month of a window is preliminary'
        when 'not_enough_history' then 'fewer than {{ min_placebo_blocks() }} blocks of {{ placebo_block() }} placebo cuts'
    end
{%- endmacro %}

{# Why a comparison in logs is withheld where every month has a value. #}
{% macro reason_not_positive() -%}
    'a value of a window is not positive'
{%- endmacro %}
