-- One row counts questions: by the design that answers them, by what stands in the way of those without an answer, and by what
-- alone does. A question here is an event and a series that it reaches, with the cut in the life of the series.
with answers as (
    select
        bridge.event_id,
        answer.treatment_id,
        bridge.scope,
        answer.series_id,
        answer.window_months,
        answer.design,
        answer.blockers,
        answer.sole_blocker,
        coalesce(design.place, 99) as place
    from {{ ref('bridge_event_treatment') }} as bridge
    inner join {{ ref('rpt_answer') }} as answer
        on bridge.treatment_id = answer.treatment_id and bridge.series_id = answer.series_id
    left join {{ ref('stg_answer_design') }} as design on answer.design = design.design
    where answer.window_months in {{ in_list(judged_windows()) }}
),

-- An act within a phase of talks is a part of both, and a question is told where one of them is: the better design, and of like ones
-- the act. What stands in the way is what stands in the way of the act.
asked as (
    select
        windows,
        event_id,
        treatment_id,
        series_id,
        design,
        blockers,
        sole_blocker
    from (
        select
            cast(window_months as varchar) as windows,
            *
        from answers
        union all
        select
            'either' as windows,
            *
        from answers
    ) as each_width
    qualify row_number() over (
        partition by windows, event_id, series_id order by place, scope, window_months desc, treatment_id
    ) = 1
),

counted as (
    select windows, 'question' as counted, 'all' as item, event_id, treatment_id, series_id from asked
    union all
    select windows, 'design', design, event_id, treatment_id, series_id from asked
    union all
    select windows, 'blocker', {{ each_item('blockers') }}, event_id, treatment_id, series_id from asked
    union all
    select windows, 'sole_blocker', sole_blocker, event_id, treatment_id, series_id from asked
    where sole_blocker is not null
),

totals as (
    select windows, count(*) as n_questions from asked
    group by windows
)

select
    counted.windows,
    counted.counted,
    counted.item,
    cast(count(*) as integer) as n_questions,
    cast(count(distinct concat(counted.treatment_id, ' ', counted.series_id)) as integer) as n_answers,
    count(*) / cast(any_value(totals.n_questions) as double) as share_of_questions
from counted
inner join totals on counted.windows = totals.windows
group by counted.windows, counted.counted, counted.item
order by counted.windows, counted.counted, n_questions desc, counted.item
