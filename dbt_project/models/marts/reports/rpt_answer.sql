{{ config(meta={'by_series': ['rpt_answer_design', 'bridge_event_treatment', 'rpt_before_after', 'rpt_cluster_before_after', 'dim_series']}) }}
-- One row is what this warehouse can tell about a question: the first design that is available in the order fixed beforehand, or what
-- stands in the way. A question is a treatment, a series that it reaches and a width. Every design is in rpt_answer_design.
with designs as (
    select * from {{ ref('rpt_answer_design') }}
    where is_default_gap
),

events as (
    select
        treatment_id,
        series_id,
        {{ sorted_list('event_id') }} as event_ids
    from {{ ref('bridge_event_treatment') }}
    group by treatment_id, series_id
),

-- The row that stands for the question: of the answer where there is one, else of the placebo rank, which asks least of the data.
standing as (
    select * from designs
    where is_answer
    union all
    select * from designs
    where design = 'placebo_rank'
        and not exists (
            select 1 from designs as answer
            where answer.is_answer
                and designs.treatment_id = answer.treatment_id
                and designs.series_id = answer.series_id
                and designs.window_months = answer.window_months
        )
),

others as (
    select
        treatment_id,
        series_id,
        window_months,
        list_distinct({{ ordered_list('design', 'place') }} filter (where is_available and not is_answer)) as other_designs,
        count(case when is_available then 1 end) as n_available,
        count(distinct case
            when is_available then concat(verdict, case when verdict = 'outside_usual_range' then sign(estimate - range_centre) end)
        end) as n_findings
    from designs
    group by treatment_id, series_id, window_months
),

-- the gap of the comparison is that of the placebo rank, the last design in the order, of which every question has a row
default_gaps as (
    select
        treatment_id,
        series_id,
        window_months,
        max_by(gap_months, place) as gap_months
    from designs
    group by treatment_id, series_id, window_months
),

{%- set of_comparison = [
    'treatment_id', 'series_id', 'window_months', 'gap_months',
    'pre_mean', 'rival_event_ids', 'rivals_in_windows', 'share_outside', 'pct_change',
] %}
compared as (
    select
        treatment_id,
        series_id,
        window_months,
        any_value(pre_mean) filter (where as_of_basis = 'latest') as pre_mean,
        any_value(rival_event_ids) filter (where as_of_basis = 'latest') as rival_event_ids,
        any_value(rivals_in_windows) filter (where as_of_basis = 'latest') as rivals_in_windows,
        any_value(share_outside) filter (where as_of_basis = 'latest') as share_outside,
        any_value(pct_change) filter (where as_of_basis = 'first_release') as first_release_pct
    from (
        {{ rows_of_treatments(ref('rpt_before_after'), ref('rpt_cluster_before_after'), of_comparison) | indent(4) }}
    ) as both_reports
    inner join default_gaps using (treatment_id, series_id, window_months, gap_months)
    group by treatment_id, series_id, window_months
),

-- what was expected, on the scale of logarithms: a number of persons or vehicles as a part of the mean before
expected as (
    select
        events.treatment_id,
        events.series_id,
        compared.window_months,
        said.expected_effect_id,
        said.kind,
        said.applies_to,
        said.horizon_months,
        said.confidence,
        concat(said.source_title, ' (', said.published, ')') as source,
        true as is_comparable,
        {{ expected_part('said.low', 'said.unit', 'compared.pre_mean', 'series.unit_multiplier') }} as low,
        {{ expected_part('said.high', 'said.unit', 'compared.pre_mean', 'series.unit_multiplier') }} as high
    from {{ ref('dim_expected_effect') }} as said
    inner join events
        on said.series_id = events.series_id and list_contains(events.event_ids, said.event_id)
    inner join {{ ref('dim_series') }} as series on said.series_id = series.series_id
    inner join compared on events.treatment_id = compared.treatment_id and events.series_id = compared.series_id
    where said.applies_to = 'series'
    union all
    -- Of goods under a measure, whichever series the panel of its family answers for: told at the exposure of the panel, where the source
    -- says how far the duty rose.
    select
        standing.treatment_id,
        standing.series_id,
        standing.window_months,
        said.expected_effect_id,
        said.kind,
        said.applies_to,
        said.horizon_months,
        said.confidence,
        concat(said.source_title, ' (', said.published, ')') as source,
        {{ says_the_duty('said') }} as is_comparable,
        {{ expected_of_goods('said.low', 'said', 'standing.exposure_typical') }} as low,
        {{ expected_of_goods('said.high', 'said', 'standing.exposure_typical') }} as high
    from standing
    inner join {{ ref('dim_expected_effect') }} as said on said.panel_family_id = {{ panel_family_of('standing.variant') }}
    where standing.is_answer and standing.design = 'panel' and said.applies_to = 'exposed_goods'
),

answers as (
    select
        standing.* exclude (scope),
        case when standing.is_answer and standing.design in ({{ panel_designs() }}) then 'panel' else standing.scope end as scope,
        events.event_ids,
        others.other_designs,
        case when others.n_available > 1 then others.n_findings > 1 end as designs_disagree,
        compared.rival_event_ids,
        compared.rivals_in_windows,
        compared.share_outside,
        case when standing.design = 'placebo_rank' and standing.scale = 'log' then compared.first_release_pct end as first_release_pct,
        expected.* exclude (treatment_id, series_id, window_months),
        -- what is asked of a whole series is not answered by its goods under a measure, nor the other way round
        row_number() over (
            partition by standing.treatment_id, standing.series_id, standing.window_months
            order by
                expected.is_comparable desc,
                case expected.kind when 'prediction' then 1 else 2 end,
                expected.horizon_months nulls last,
                case expected.confidence when 'high' then 1 when 'medium' then 2 else 3 end,
                expected.expected_effect_id
        ) as place_of_expected
    from standing
    inner join events on standing.treatment_id = events.treatment_id and standing.series_id = events.series_id
    inner join others
        on standing.treatment_id = others.treatment_id
        and standing.series_id = others.series_id
        and standing.window_months = others.window_months
    left join compared
        on standing.treatment_id = compared.treatment_id
        and standing.series_id = compared.series_id
        and standing.window_months = compared.window_months
    left join expected
        on standing.treatment_id = expected.treatment_id
        and standing.series_id = expected.series_id
        and standing.window_months = expected.window_months
        and (expected.applies_to = 'exposed_goods') = (standing.is_answer and standing.design in ({{ panel_designs() }}))
),

met as (
    select
        answers.treatment_id,
        answers.series_id,
        answers.window_months,
        blocker.blocker,
        blocker.place,
        blocker.title,
        case
            when blocker.blocker = 'too_recent'
                then concat(
                    'when the figures of ',
                    left(cast({{ add_months('answers.cut_month', 'answers.window_months - 1') }} as varchar), 7),
                    ' are published'
                )
            else blocker.tellable_when
        end as tellable_when
    from answers
    inner join {{ ref('stg_answer_blocker') }} as blocker on list_contains(answers.blockers, blocker.blocker)
    where answers.place_of_expected = 1 and not answers.is_answer
),

blocked as (
    select
        treatment_id,
        series_id,
        window_months,
        {{ ordered_list('blocker', 'place') }} as blockers,
        string_agg(title, '; ' order by place) as reason
    from met
    group by treatment_id, series_id, window_months
),

-- one remedy may mend several
remedies as (
    select
        treatment_id,
        series_id,
        window_months,
        string_agg(tellable_when, '; ' order by place) as tellable_when
    from (
        select treatment_id, series_id, window_months, tellable_when, min(place) as place from met
        group by treatment_id, series_id, window_months, tellable_when
    ) as each_remedy
    group by treatment_id, series_id, window_months
)

select
    answers.treatment_id,
    answers.series_id,
    answers.window_months,
    answers.scope,
    answers.event_ids,
    answers.cut_month,
    answers.gap_months,
    answers.own_month_left_out,
    answers.months_left_out,
    case when answers.is_answer then answers.design else 'none' end as design,
    case when answers.is_answer then answers.variant end as variant,
    case when answers.is_answer then answers.scale end as scale,
    {%- for column in [
        'estimate', 'range_centre', 'range_first_cut', 'range_last_cut', 'usual_low', 'usual_high',
        'estimate_pct', 'range_centre_pct', 'usual_low_pct', 'usual_high_pct',
    ] %}
    case when answers.is_answer then answers.{{ column }} end as {{ column }},
    {%- endfor %}
    answers.distance_at_threshold,
    answers.verdict,
    answers.false_alarm_rate,
    answers.false_alarm_se,
    answers.false_alarm_high,
    answers.n_blocks,
    coalesce(answers.rival_event_ids, {{ empty_list() }}) as rival_event_ids,
    coalesce(answers.rivals_in_windows, {{ empty_list() }}) as rivals_in_windows,
    answers.as_of,
    case when answers.is_answer then answers.first_release_pct end as first_release_estimate_pct,
    answers.expected_effect_id,
    {{ as_percentage('answers.low', "'log'") }} as expected_low_pct,
    {{ as_percentage('answers.high', "'log'") }} as expected_high_pct,
    answers.source as expected_source,
    answers.horizon_months as expected_horizon_months,
    -- goods that are wholly under a measure are not the cells of a panel, of which a part is: only where it is known how far the duty rose
    case
        when answers.is_comparable
            then {{ could_be_seen('answers.low', 'answers.high', 'answers.distance_at_threshold') }}
    end as could_be_seen,
    case
        when answers.is_answer and answers.is_comparable and answers.horizon_months <= answers.window_months
            then {{ could_be_excluded(
                'answers.low', 'answers.high', 'answers.estimate - answers.range_centre', 'answers.distance_at_threshold'
            ) | indent(12) }}
    end as could_be_excluded,
    coalesce(answers.designs_disagree, false) as designs_disagree,
    answers.share_outside,
    coalesce(blocked.blockers, {{ empty_list() }}) as blockers,
    case when len(blocked.blockers) = 1 then {{ list_item('blocked.blockers', 1) }} end as sole_blocker,
    blocked.reason,
    remedies.tellable_when,
    coalesce(answers.other_designs, {{ empty_list() }}) as other_designs
from answers
left join blocked
    on answers.treatment_id = blocked.treatment_id
    and answers.series_id = blocked.series_id
    and answers.window_months = blocked.window_months
left join remedies
    on answers.treatment_id = remedies.treatment_id
    and answers.series_id = remedies.series_id
    and answers.window_months = remedies.window_months
where answers.place_of_expected = 1
