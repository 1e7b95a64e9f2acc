{%- set said = ['dim_expected_effect series_id'] %}
{{ config(meta={'series_of': {'dim_series': said, 'bridge_event_treatment': said, 'rpt_answer': said, 'rpt_before_after': said, 'rpt_cluster_before_after': said}}) }}
-- One row is a published figure and a width: whether an effect of that size could be seen here at all, whether what was found leaves it out,
-- or why neither can be said. rpt_answer shows one figure a question; here each has its row, those too that no question is about.
with said as (
    select
        effect.*,
        widths.window_months
    from {{ ref('dim_expected_effect') }} as effect
    cross join (select distinct window_months from {{ ref('rpt_answer') }}) as widths
    where widths.window_months in {{ in_list(judged_windows()) }}
),

-- an act by itself before the phase that it belongs to, as in rpt_answer
asked as (
    select
        bridge.event_id,
        answer.*
    from {{ ref('bridge_event_treatment') }} as bridge
    inner join {{ ref('rpt_answer') }} as answer
        on bridge.treatment_id = answer.treatment_id and bridge.series_id = answer.series_id
    qualify row_number() over (
        partition by bridge.event_id, bridge.series_id, answer.window_months order by bridge.scope, bridge.treatment_id
    ) = 1
),

before as (
    select
        treatment_id,
        series_id,
        window_months,
        gap_months,
        any_value(pre_mean) as pre_mean
    from (
        {{ rows_of_treatments(
            ref('rpt_before_after'),
            ref('rpt_cluster_before_after'),
            ['treatment_id', 'series_id', 'window_months', 'gap_months', 'pre_mean']
        ) | indent(4) }}
    ) as both_reports
    where as_of_basis = 'latest'
    group by treatment_id, series_id, window_months, gap_months
),

of_series as (
    select
        said.expected_effect_id,
        said.window_months,
        asked.treatment_id,
        asked.design,
        asked.estimate,
        asked.range_centre,
        -- a panel's distance is that of goods under a measure
        case when asked.scope <> 'panel' then asked.distance_at_threshold end as distance_at_threshold,
        {{ expected_part('said.low', 'said.unit', 'before.pre_mean', 'series.unit_multiplier') }} as low,
        {{ expected_part('said.high', 'said.unit', 'before.pre_mean', 'series.unit_multiplier') }} as high,
        case
            when asked.treatment_id is null and cut.cut_month > series.last_period then 'the series ends before the event'
            when asked.treatment_id is null and cut.cut_month < series.first_period then 'the series begins after the event'
            when asked.treatment_id is null then 'the event does not reach the series (rpt_event_exposure)'
            when asked.scope = 'panel' then 'a panel answers, which compares goods or states and says nothing of the whole series'
            when asked.distance_at_threshold is null then asked.reason
        end as reason
    from said
    inner join {{ ref('dim_series') }} as series on said.series_id = series.series_id
    inner join {{ ref('dim_event') }} as cut on said.event_id = cut.event_id
    left join asked
        on said.event_id = asked.event_id
        and said.series_id = asked.series_id
        and said.window_months = asked.window_months
    left join before
        on asked.treatment_id = before.treatment_id
        and asked.series_id = before.series_id
        and asked.window_months = before.window_months
        and asked.gap_months = before.gap_months
    where said.applies_to = 'series'
),

-- of goods under a measure, by the primary run of the family's panel: a family with a run of this width
of_goods as (
    select
        said.expected_effect_id,
        said.window_months,
        cast(null as varchar) as treatment_id,
        case when run.verdict in ('exposed_goods_moved', 'no_difference_seen') then 'panel' else 'none' end as design,
        run.effect_typical as estimate,
        {{ panel_range('run', 'centre') }} as range_centre,
        case when run.verdict in ('exposed_goods_moved', 'no_difference_seen') then {{ panel_range('run', 'distance') }} end
            as distance_at_threshold,
        case when {{ says_the_duty('said') }} then {{ expected_of_goods('said.low', 'said', 'run.exposure_typical') }} end as low,
        case when {{ says_the_duty('said') }} then {{ expected_of_goods('said.high', 'said', 'run.exposure_typical') }} end as high,
        case
            when said.panel_family_id is null then 'no panel compares these goods with others'
            when run.family_id is null then 'the panel of these goods has no window of this width'
            when run.verdict not in ('exposed_goods_moved', 'no_difference_seen') then run.reason
            when not {{ says_the_duty('said') }} then 'the source does not say how far the duty on these goods rose'
        end as reason
    from said
    left join {{ ref('rpt_panel_exposure') }} as run
        on said.panel_family_id = run.family_id
        and said.window_months = run.window_months
        and run.is_primary
    where said.applies_to = 'exposed_goods'
    qualify row_number() over (
        partition by said.expected_effect_id, said.window_months order by run.verdict = 'not_computable', run.panel_id
    ) = 1
),

held as (
    select * from of_series
    union all
    select * from of_goods
)

select
    held.expected_effect_id,
    held.window_months,
    said.event_id,
    said.series_id,
    held.treatment_id,
    coalesce(held.design, 'none') as design,
    {{ as_percentage('held.low', "'log'") }} as expected_low_pct,
    {{ as_percentage('held.high', "'log'") }} as expected_high_pct,
    {{ as_percentage('held.distance_at_threshold', "'log'") }} as detectable_pct,
    {{ could_be_seen('held.low', 'held.high', 'held.distance_at_threshold') }} as could_be_seen,
    case
        when held.design <> 'none' and said.horizon_months <= held.window_months
            then {{ could_be_excluded('held.low', 'held.high', 'held.estimate - held.range_centre', 'held.distance_at_threshold') | indent(12) }}
    end as could_be_excluded,
    held.reason
from held
inner join said on held.expected_effect_id = said.expected_effect_id and held.window_months = said.window_months
order by held.expected_effect_id, held.window_months
