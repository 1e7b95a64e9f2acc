{#
    Which design answers a question, and what stands in the way where none does.
    Belongs here: the rule of choice and its gates, and the rows that each design offers to rpt_answer_design.
    Does not belong here: the designs themselves (their reports), the order of the designs (seed_answer_design), the words for what
    stands in the way (seed_answer_blocker).

    The rule, fixed on 2026-11-29 before any answer was computed:
    1. A question is a treatment (the acts that reach a series with one cut month, or a phase of talks), a series and a width.
    2. Each design lists its blockers. A design without one is available. No gate looks at the estimate: the gate of the trend before
       asks whether the trend alone would carry the two sides further apart than the threshold, and not whether it is small
       beside what was found (comparisons that pass the latter fire at 8 to 9 % of dates without an event).
    3. The first available design in the order of seed_answer_design answers; of several variants of a design the first in its own order
       (dim_control_set by its key, the drift model before the local trend). "Any design fires" would err more often than each of them.
       Panels whose dates fill fewer than min_panel_blocks() stretches come after all others (docs/decisions/0013-panels-by-stretches.md).
    4. Where none is available the answer carries the blockers of the placebo rank, which asks least of the data.
    5. That designs disagree is said beside the answer (designs_disagree) and changes nothing.
#}

{# A list of the keys whose condition holds: `blockers_where({'covid': 'is_covid', ...})`. Null is no. #}
{% macro blockers_where(conditions) -%}
    list_filter([
        {%- for blocker, condition in conditions.items() %}
        case when {{ condition }} then '{{ blocker }}' end{{ ',' if not loop.last }}
        {%- endfor %}
    ], lambda x: x is not null)
{%- endmacro %}

{# A difference on the scale of the comparison as a percentage; null where it is in units of the series. #}
{% macro as_percentage(expression, scale='scale') -%}
    case when {{ scale }} = 'log' then 100 * (exp({{ expression }}) - 1) end
{%- endmacro %}

{# The designs that compare goods or states with each other, as a list in SQL: they answer for the exposed part of a series. #}
{% macro panel_designs() -%}
    'panel', 'state_panel'
{%- endmacro %}

{#
    Whether too few separate stretches of 24 months lie behind a panel (n_blocks of its row) to know how often it errs. The other designs
    have no verdict with fewer; a panel answers then only where none of them does.
#}
{% macro min_panel_blocks() %}{{ return(min_placebo_blocks()) }}{% endmacro %}

{% macro is_hardly_measured(design, n_blocks) -%}
    ({{ design }} in ({{ panel_designs() }}) and coalesce({{ n_blocks }}, 0) < {{ min_panel_blocks() }})
{%- endmacro %}

{# What was expected as a difference of logarithms: of a percentage, or of a number that `mean_before` times `multiplier` is the whole of. #}
{% macro expected_part(value, unit, mean_before, multiplier) -%}
    ln(1 + case when {{ unit }} = 'percent' then {{ value }} / 100 else {{ value }} / nullif({{ mean_before }} * {{ multiplier }}, 0) end)
{%- endmacro %}

{# Whether a source says by how much the duty rose on the goods it speaks of, so that its figure can be told for another rise. #}
{% macro says_the_duty(said) -%}
    ({{ said }}.unit = {{ response_unit() }} or {{ said }}.duty_to_pct is not null)
{%- endmacro %}

{% macro response_unit() %}{{ return("'percent per percent of duty'") }}{% endmacro %}

{#
    What was found or expected of goods under a measure, as a difference of logarithms at the `exposure` of a panel, which is the rise of
    ln(1 + duty) that its estimate is told for. ln(trade) is taken to go with it in proportion, as in the panel itself. Where the
    source does not say how far the duty rose, the figure as it stands.
#}
{% macro expected_of_goods(value, said, exposure) -%}
    case
        when {{ said }}.unit = {{ response_unit() }} then {{ value }} * {{ exposure }}
        when {{ said }}.duty_to_pct is not null
            then ln(1 + {{ value }} / 100) * {{ exposure }} / ln((100 + {{ said }}.duty_to_pct) / (100 + {{ said }}.duty_from_pct))
        else ln(1 + {{ value }} / 100)
    end
{%- endmacro %}

{#
    Whether an effect as large as the larger end of what was expected would leave the usual range, if all else were as usual. Where even
    that end would not, no answer can tell the prediction from nothing.
#}
{% macro could_be_seen(low, high, distance) -%}
    greatest(abs({{ low }}), abs({{ high }})) >= {{ distance }}
{%- endmacro %}

{# Whether no effect between low and high is within `distance` of what was found beyond the usual (`deviation`). #}
{% macro could_be_excluded(low, high, deviation, distance) -%}
    {{ deviation }} + {{ distance }} < {{ low }} or {{ deviation }} - {{ distance }} > {{ high }}
{%- endmacro %}

{# The family of measures of the panel that a variant of rpt_answer_design names. #}
{% macro panel_family_of(variant) -%}
    split_part({{ variant }}, ' ', 1)
{%- endmacro %}

{# Where a family of measures is all of a wave, how many it counts as beside families that name theirs. #}
{% macro many_measures() %}{{ return(1000) }}{% endmacro %}

{#
    Middle (`centre`) or half (`distance`) of the usual range of a panel. Exposed goods moved where the slope is unusual both among earlier
    dates, counted from their median, and among permutations, counted from 0. So the usual range is what either of them holds, from the
    lower of the two lower ends to the higher of the two higher ones.
#}
{% macro panel_range(run, what) -%}
    {%- set median = run ~ '.placebo_median * ' ~ run ~ '.exposure_typical' -%}
    {%- set high = 'greatest(' ~ median ~ ' + ' ~ run ~ '.mde_dates, ' ~ run ~ '.mde_perm)' -%}
    {%- set low = 'least(' ~ median ~ ' - ' ~ run ~ '.mde_dates, -' ~ run ~ '.mde_perm)' -%}
    ({{ high }} {{ '+' if what == 'centre' else '-' }} {{ low }}) / 2
{%- endmacro %}

{# What stands in the way of a panel, of its verdict; `kinds`: unusual months of the question's own windows. #}
{% macro panel_blockers(run, kinds, is_descriptive) -%}
case
    when {{ is_descriptive }} then ['descriptive_width']
    when {{ run }}.verdict in ('exposed_goods_moved', 'exposed_states_moved', 'no_difference_seen') then {{ empty_list() }}
    when {{ run }}.verdict = 'confounded' and len({{ kinds }}) > 0 then {{ kinds }}
    when {{ run }}.verdict = 'confounded' then ['shortage']
    when {{ run }}.verdict = 'not_computable' then ['no_design']
    -- the other verdicts of panels are blockers of the same name
    else [{{ run }}.verdict]
end
{%- endmacro %}

{#
    Rows of comparisons that stand for a treatment, as it is asked about: acts from `events` (rpt_before_after), talks and phases from
    `clusters` (rpt_cluster_before_after), at both gaps that an event may have. `columns`: what is wanted beside the basis.
#}
{% macro rows_of_treatments(events, clusters, columns) -%}
    select as_of_basis, {{ columns | join(', ') }}
    from {{ events }}
    where gap_months in {{ in_list([0, own_month_gap()]) }} and treatment_id like 'act-%'
    union all
    select as_of_basis, {{ columns | join(', ') }}
    from {{ clusters }}
    where gap_months in {{ in_list([0, own_month_gap()]) }}
{%- endmacro %}
