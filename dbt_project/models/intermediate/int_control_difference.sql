{%- set members = ['int_control_set_member treated_series_id', 'int_control_set_member control_series_id'] %}
{{ config(meta={'series_of': {'int_cut_statistics': members, 'int_window_statistics': members, 'int_series_calendar': members}}) }}
-- One row is the difference of a treated series less its controls when a month is taken as a cut, from latest values. The cuts of
-- the events of the report are some of these; those marked is_placebo are the ones they are ranked among.
with members as (
    select * from {{ ref('int_control_set_member') }}
),

-- one row is the treated series of a control set, or one of its controls
roles as (
    select
        control_set_id,
        treated_series_id,
        control_series_id as series_id,
        false as is_treated,
        weight
    from members
    union all
    select distinct
        control_set_id,
        treated_series_id,
        treated_series_id as series_id,
        true as is_treated,
        cast(null as double) as weight
    from members
),

sizes as (
    select
        control_set_id,
        treated_series_id,
        count(*) as n_series
    from roles
    group by control_set_id, treated_series_id
),

cuts as (
    select
        *,
        {{ months_between('pre_start', 'post_start') }} as lag_months
    from {{ ref('int_cut_statistics') }}
    where as_of_basis = 'latest'
        and series_id in (select series_id from roles)
),

lines as (
    select
        series_id,
        window_start,
        slope_log
    from {{ ref('int_window_statistics') }}
    where as_of_basis = 'latest'
        and window_months = {{ trend_months() }}
        and n_values = {{ trend_months() }}
        and min_level > 0
),

together as (
    select
        roles.control_set_id,
        roles.treated_series_id,
        cuts.window_months,
        cuts.gap_months,
        cuts.cut_month,
        cuts.lag_months,
        count(*) as n_series,
        count(cuts.d_log) as n_differences,
        count(lines.slope_log) as n_lines,
        sum(case when roles.is_treated then cuts.d_log end) as d_log_treated,
        sum(case when not roles.is_treated then roles.weight * cuts.d_log end) as d_log_control,
        -- the slope of a weighted difference is the weighted difference of the slopes over the same months
        sum(case when roles.is_treated then lines.slope_log else -roles.weight * lines.slope_log end) as slope,
        -- These are counts because `sum(...) > 0` written to a table came out false for a sum of 1 (DuckDB 2.0.0, statistics
        -- propagation).
        count(case when cuts.n_episode_months > 0 then 1 end) as n_touched,
        sum(cuts.preliminary_months) as preliminary_months,
        max(cuts.as_of) as as_of,
        min(cuts.reason) as reason,
        -- a month that one of the series lacks is not compared with what the others did in it
        min(cuts.months_left_out) as months_left_out,
        count(distinct cuts.months_left_out) as n_months_left_out
    from roles
    inner join cuts on roles.series_id = cuts.series_id
    left join lines
        on roles.series_id = lines.series_id
        and lines.window_start = {{ add_months('cuts.cut_month', '-cuts.gap_months - ' ~ trend_months()) }}
    group by
        roles.control_set_id,
        roles.treated_series_id,
        cuts.window_months,
        cuts.gap_months,
        cuts.cut_month,
        cuts.lag_months
),

-- Where a control has no windows at a cut, its weight would be missing from the sum, so there is no row.
complete as (
    select
        together.*,
        together.n_differences = together.n_series and together.n_months_left_out = 1 as is_computable
    from together
    inner join sizes
        on together.control_set_id = sizes.control_set_id
        and together.treated_series_id = sizes.treated_series_id
        and together.n_series = sizes.n_series
),

-- Months in which an act cuts that reaches a control. What reaches the treated series and a total that holds it is no news of the control: it
-- is what is asked about, or a rival that the report names.
acts_on_controls as (
    select distinct
        members.control_set_id,
        members.treated_series_id,
        act.cut_month
    from members
    inner join {{ ref('int_series_calendar') }} as control on members.control_series_id = control.series_id
    inner join {{ ref('int_series_calendar') }} as treated on members.treated_series_id = treated.series_id
    inner join {{ ref('int_calendar_event') }} as act on control.calendar_id = act.calendar_id and act.event_class = 'act'
    left join {{ ref('int_calendar_event') }} as shared
        on treated.calendar_id = shared.calendar_id
        and act.event_id = shared.event_id
    where not (members.contains_treated and shared.event_id is not null)
),

exposed as (
    select distinct
        complete.control_set_id,
        complete.treated_series_id,
        complete.window_months,
        complete.gap_months,
        complete.cut_month
    from complete
    inner join acts_on_controls as act
        on complete.control_set_id = act.control_set_id
        and complete.treated_series_id = act.treated_series_id
        and {{ cut_in_windows(months_between('complete.cut_month', 'act.cut_month'), 'complete.window_months', 'complete.lag_months') }}
)

select
    complete.control_set_id,
    complete.treated_series_id,
    complete.window_months,
    complete.gap_months,
    complete.cut_month,
    cast(complete.lag_months as integer) as lag_months,
    case when is_computable then complete.d_log_treated end as d_log_treated,
    case when is_computable then complete.d_log_control end as d_log_control,
    case when is_computable then complete.d_log_treated - complete.d_log_control end as did,
    case when is_computable and complete.n_lines = complete.n_series then complete.slope end as pretrend_slope,
    complete.n_touched > 0 as touches_episode,
    exposed.cut_month is not null as touches_exposure,
    cast(complete.preliminary_months as integer) as preliminary_months,
    case when is_computable then complete.months_left_out else {{ empty_list() }} end as months_left_out,
    complete.as_of,
    is_computable
    and complete.n_touched = 0
    and exposed.cut_month is null
    and complete.cut_month >= {{ first_placebo_month() }}
    and eventful.cut_month is null as is_placebo,
    case
        when is_computable then null
        when complete.reason is not null then complete.reason
        when complete.n_months_left_out > 1 then {{ reason_unequal_months() }}
        else {{ reason_not_positive() }}
    end as reason
from complete
inner join {{ ref('int_series_calendar') }} as calendar on complete.treated_series_id = calendar.series_id
left join exposed
    on complete.control_set_id = exposed.control_set_id
    and complete.treated_series_id = exposed.treated_series_id
    and complete.window_months = exposed.window_months
    and complete.gap_months = exposed.gap_months
    and complete.cut_month = exposed.cut_month
left join {{ ref('int_eventful_cut') }} as eventful
    on calendar.calendar_id = eventful.calendar_id
    and complete.window_months = eventful.window_months
    and complete.cut_month = eventful.cut_month
