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

{#
    The first month that may be a date without an event. With older ones the 5 % over all dates hide 8.4 % before 1985 and 1.4 %
    after 2017.
#}
{% macro first_placebo_month() %}date '1985-01-01'{% endmacro %}

{# Where the dates begin that long series lend to short ones: what a series would know of itself that began then. #}
{% macro first_recent_month() %}date '2010-01-01'{% endmacro %}

{# Widths that get a verdict. 24 months are descriptive: no act is told apart from others over so long. #}
{% macro judged_windows() %}{{ return([6, 12]) }}{% endmacro %}

{# Numbers as the right side of `in`. #}
{% macro in_list(numbers) -%}
    ({{ numbers | join(', ') }})
{%- endmacro %}

{#
    What a family of series may be measured at: with so many dates or more, and a higher rate, its comparisons of that width get no
    verdict. A family whose short series are measured at more, or not at all, has no pooled range.
#}
{% macro max_family_rate() %}{{ return(0.07) }}{% endmacro %}
{% macro min_family_dates() %}{{ return(500) }}{% endmacro %}

{# Months of its own past that say how large the changes of a balance usually are. #}
{% macro balance_months() %}{{ return(120) }}{% endmacro %}

{#
    The distance from the middle beyond which a rank is at most `rank_threshold`: the rank is (1 + n) / (1 + N), so at most
    k = threshold (1 + N) - 1 of the N may be as far, and the distance is that of the one after them. Null where no distance would do.
#}
{% macro threshold_distance(far_distances, rank_threshold, n_placebo) -%}
    case
        when {{ rank_threshold }} * (1 + {{ n_placebo }}) >= 1
            then {{ list_item(far_distances, 'cast(floor(' ~ rank_threshold ~ ' * (1 + ' ~ n_placebo ~ ') + 1e-9) as integer)') }}
    end
{%- endmacro %}

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
    Which range a comparison is held against: its own (6 blocks of dates or more, so many that a rank can reach its threshold), the
    pooled one of its family (36 dates or more, where the family's short series are measured at 7 % or less), or none. pool: own, pooled
    or null, by the number of dates.
#}
{% macro scope_of_range(pool, n_placebo, rank_threshold, z_threshold, family_rate, n_family_dates) -%}
    case
        when {{ pool }} = 'own' and {{ rank_threshold }} * (1 + {{ n_placebo }}) >= 1 then 'own'
        when {{ pool }} = 'pooled'
            and {{ z_threshold }} is not null
            and {{ n_family_dates }} >= {{ min_placebo_cuts() }}
            and {{ family_rate }} <= {{ max_family_rate() }}
            then 'pooled'
    end
{%- endmacro %}

{# Whether a comparison lies beyond its threshold: by rank in an own pool, by multiples of the typical distance in a pooled range. #}
{% macro far_out(pool, rank, rank_threshold, z, z_threshold) -%}
    case {{ pool }} when 'own' then {{ rank }} <= {{ rank_threshold }} when 'pooled' then abs({{ z }}) > {{ z_threshold }} end
{%- endmacro %}

{# Why a comparison with numbers and a pool gets no verdict all the same; null where it does. #}
{% macro withheld_because(window_months, pool, family_rate, n_family_dates) -%}
    case
        when {{ window_months }} not in {{ in_list(judged_windows()) }} then {{ reason_descriptive_width() }}
        when {{ pool }} = 'own'
            and {{ n_family_dates }} >= {{ min_family_dates() }}
            and {{ family_rate }} > {{ max_family_rate() }}
            then {{ reason_family_errs() }}
    end
{%- endmacro %}

{% macro reason_descriptive_width() -%}
    'windows of 24 months are descriptive: they tell no act apart'
{%- endmacro %}

{% macro reason_family_errs() -%}
    'the rule errs at more than 7 % of the dates of this family'
{%- endmacro %}

{#
    The verdict. Reasons to give none come first, in this order: the numbers cannot be computed, an episode touches a window, other
    events share the window (identified is false), a month is preliminary, the width or the family is not judged (not_computable),
    there is too little history.
#}
{% macro verdict(computable, clean, identified, preliminary_months, withheld_because, scope_of_range, far_out) -%}
    case
        when not ({{ computable }}) then 'not_computable'
        when not ({{ clean }}) then 'confounded'
        when not ({{ identified }}) then 'overlapping'
        when {{ preliminary_months }} > 0 then 'preliminary_data'
        when {{ withheld_because }} is not null then 'not_computable'
        when {{ scope_of_range }} is null then 'not_enough_history'
        when ({{ far_out }}) is null then 'not_enough_history'
        when {{ far_out }} then 'outside_usual_range'
        else 'within_usual_range'
    end
{%- endmacro %}

{#
    Why there is no verdict outside_usual_range or within_usual_range, in words. The caller says what kept the numbers from being
    computed or the comparison from being judged, what makes it unclean, and what stands in its way.
#}
{% macro verdict_reason(verdict, not_computable, not_clean, not_identified) -%}
    case {{ verdict }}
        when 'not_computable' then {{ not_computable }}
        when 'confounded' then {{ not_clean }}
        when 'overlapping' then {{ not_identified }}
        when 'preliminary_data' then 'a month of a window is preliminary'
        when 'not_enough_history' then 'fewer than {{ min_placebo_blocks() }} blocks of {{ placebo_block() }} placebo cuts'
    end
{%- endmacro %}

{% macro reason_shared() -%}
    'more than half of the window after is shared with another event'
{%- endmacro %}

{#
    Whether the drift of a series from its controls before the cut, carried on, stays below the threshold. No gate may use the
    estimate: dates that pass |drift| < |difference| fire at 8 to 9 %.
#}
{% macro drift_is_small(pretrend_bias, distance_at_threshold) -%}
    abs({{ pretrend_bias }}) <= {{ distance_at_threshold }}
{%- endmacro %}

{% macro reason_drift() -%}
    'the drift from the controls before would pass the threshold alone'
{%- endmacro %}

{% macro reason_no_line() -%}
    'the 36 months before are not known of every series'
{%- endmacro %}

{# Why a comparison in logs is withheld where every month has a value. #}
{% macro reason_not_positive() -%}
    'a value of a window is not positive'
{%- endmacro %}
