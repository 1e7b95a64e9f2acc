{#
    The steps that the macros before_after and placebo share, from their arguments to one comparison.
    Last of them: `compared` (one row), `placebo_cuts` (the same comparison at every month without a known event).
    Does not belong here: how the comparison is judged (before_after.sql beside this file), formulas (macros/before_after.sql,
    macros/rivals.sql), which are those of the reports.
#}

{#
    What the months of `numbers` (month_index, value, log_value) up to `pre_last` and from `post_first` on say: how many there
    are, the lowest value, and the difference of the means in units and in logarithms.
#}
{% macro difference_of_months(numbers, pre_last, post_first) -%}
    {%- set before = numbers ~ '.month_index <= ' ~ pre_last -%}
    {%- set after = numbers ~ '.month_index >= ' ~ post_first -%}
    count(case when {{ before }} then 1 end) as n_pre,
    count(case when {{ after }} then 1 end) as n_post,
    min({{ numbers }}.value) as min_level,
    avg(case when {{ after }} then {{ numbers }}.value end) - avg(case when {{ before }} then {{ numbers }}.value end) as d_level,
    avg(case when {{ after }} then {{ numbers }}.log_value end)
    - avg(case when {{ before }} then {{ numbers }}.log_value end) as d_log
{%- endmacro %}

{# True for a month of the window before or of the window after, all counted from one cut. #}
{% macro in_either_window(month_index, pre_first, pre_last, post_first, post_last) -%}
    {{ month_index }} between {{ pre_first }} and {{ post_last }}
    and ({{ month_index }} <= {{ pre_last }} or {{ month_index }} >= {{ post_first }})
{%- endmacro %}

{# The gap that was asked for: a number, or none, which is the default of the event unless its own month is to be kept. #}
{% macro requested_gap() -%}
    cast(coalesce(gap, case when coalesce(keep_event_month, false) then 0 else coalesce(cut.default_gap_months, 0) end) as integer)
{%- endmacro %}

{% macro comparison_steps() -%}
request as (
    select
        cut.event_id,
        cut.cluster_id,
        cut.event_class,
        case when least(months, coalesce(post_months, months)) >= 1 and {{ requested_gap() }} >= 0 then cut.cut_month end as cut_month,
        cast(series as varchar) as series_id,
        cast(months as integer) as window_months,
        {{ requested_gap() }} as gap_months,
        {{ requested_gap() }} = cut.default_gap_months as is_default_gap,
        {{ lag_months('cast(months as integer)', requested_gap()) }} as lag_months,
        -- In a width that is not whole years, each month after is paired with the same calendar month of an earlier year, as long as
        -- that one lies before the gap.
        cast(months as integer) % 12 <> 0 as is_paired,
        cast(coalesce(post_months, months) as integer) as post_months_requested
    from (
        {{ requested_cut() | indent(8) }}
    ) as cut
),

widths as (
    select
        *,
        case when is_paired then n_pairs else window_months end as pre_length,
        case when is_paired then n_pairs else post_months_requested end as post_length
    from (
        select
            *,
            greatest(0, least(window_months, post_months_requested, lag_months - gap_months)) as n_pairs
        from request
    ) as paired
),

subject as (
    select
        *,
        {{ has_log_scale() }} as log_allowed,
        {{ is_balance() }} as is_balance
    from dim_series
    where series_id = cast(series as varchar)
),

-- the bundled events that reach the series; those of the user's own are compared like dates
reaching as (
    select distinct exposure.event_id
    from rpt_event_exposure as exposure
    inner join dim_event as bundled on exposure.event_id = bundled.event_id
    where exposure.series_id = cast(series as varchar) and not {{ is_own('bundled') }}
),

-- the numbers that were known at the end of on_date, or are known now, with months counted from the cut
known as (
    select
        {{ months_between('widths.cut_month', 'vintage.period_start') }} as month_index,
        vintage.value,
        case when vintage.value > 0 then ln(vintage.value) end as log_value,
        vintage.status,
        vintage.known_from
    from fct_observation_vintage as vintage
    cross join widths
    left join subject on widths.series_id = subject.series_id
    where vintage.series_id = cast(series as varchar)
        and {{ is_after_break('subject', 'vintage') }}
        and vintage.frequency = 'monthly'
        and vintage.status <> 'withdrawn'
        and vintage.value is not null
        and case when on_date is null then vintage.known_to is null else {{ is_known_at_end_of('on_date') }} end
),

life as (
    -- an unknown series gets the span from 1 to 0, which holds no month
    select
        coalesce(min(month_index), 1) as first_index,
        coalesce(max(month_index), 0) as last_index
    from known
),

-- The windows that were requested, cut off where the life of the series ends. A pair needs both of its months.
bounds as (
    select
        'post' as role,
        greatest(0, case when is_paired then first_index + lag_months else first_index end) as first_index,
        least(post_length - 1, last_index) as last_index
    from widths
    cross join life
    union all
    select
        'pre',
        greatest(-lag_months, first_index),
        case
            when is_paired then least(post_length - 1, last_index) - lag_months
            else least(pre_length - 1 - lag_months, last_index)
        end
    from widths
    cross join life
    union all
    select 'earlier', -2 * lag_months, pre_length - 1 - 2 * lag_months
    from widths
    union all
    select 'trend', -gap_months - {{ trend_months() }}, -gap_months - 1
    from widths
),

-- the months that the comparison really has, counted from the cut; placebo windows get the same ones
spans as (
    select
        max(case when role = 'pre' then first_index end) as pre_first,
        max(case when role = 'pre' then last_index end) as pre_last,
        max(case when role = 'post' then first_index end) as post_first,
        max(case when role = 'post' then last_index end) as post_last
    from bounds
),

-- Each month of the window after and the same calendar month of the one before, counted from the cut. Where one window is longer, or is
-- cut off by the life of the series, a month of the other may have no counterpart.
places as (
    select
        place,
        {{ place_before('place', 'is_paired', 'gap_months') }} - lag_months as pre_index
    from (
        select
            widths.*,
            cast(unnest(generate_series(0, cast(greatest(window_months, post_months_requested) + 11 as integer))) as integer) as place
        from widths
    ) as each_place
),

pairs as (
    select
        case when place between post_first and post_last then place end as post_index,
        case when pre_index between pre_first and pre_last then pre_index end as pre_index
    from places
    cross join spans
    where place between post_first and post_last
        or pre_index between pre_first and pre_last
),

sides as (
    select 'post' as side, post_index as own_index, pre_index as other_index from pairs
    where post_index is not null
    union all
    select 'pre', pre_index, post_index from pairs
    where pre_index is not null
),

lacking as (
    select
        sides.side,
        sides.own_index,
        own.month_index is null as has_no_value
    from sides
    left join known as own on sides.own_index = own.month_index
    left join known as other on sides.other_index = other.month_index
    where own.month_index is null or (sides.other_index is not null and other.month_index is null)
),

-- Whether the months that are left are enough. A hole was known as one when the first later month was.
holes as (
    select
        counted.*,
        counted.n_pre_lacking + counted.n_post_lacking > 0
        and spans.pre_last >= spans.pre_first
        and spans.post_last >= spans.post_first
        and spans.pre_last - spans.pre_first + 1 - counted.n_pre_lacking
            >= {{ least_months('(spans.pre_last - spans.pre_first + 1)') }}
        and spans.post_last - spans.post_first + 1 - counted.n_post_lacking
            >= {{ least_months('(spans.post_last - spans.post_first + 1)') }} as are_left_out,
        (select min(known_from) from known where known.month_index > counted.last_hole) as known_from
    from (
        select
            count(case when side = 'pre' then 1 end) as n_pre_lacking,
            count(case when side = 'post' then 1 end) as n_post_lacking,
            max(case when has_no_value then own_index end) as last_hole
        from lacking
    ) as counted
    cross join spans
),

left_out as (
    select
        lacking.side,
        lacking.own_index
    from lacking
    cross join holes
    where holes.are_left_out
),

-- The months with a value of each window. In the windows that are only compared with whole ones, months left out would leave another mix
-- of calendar months. DuckDB before 2.0 joins with no subquery in the condition, hence the two joins.
counted as (
    select
        bounds.role,
        known.*
    from bounds
    inner join known on known.month_index between bounds.first_index and bounds.last_index
    cross join holes
    left join left_out on bounds.role = left_out.side and known.month_index = left_out.own_index
    where left_out.own_index is null and (bounds.role in ('pre', 'post') or not holes.are_left_out)
),

statistics as (
    select
        bounds.role,
        coalesce(greatest(0, max(bounds.last_index) - max(bounds.first_index) + 1), 0)
        - (select count(*) from left_out where left_out.side = bounds.role) as n_months,
        {{ window_statistics() | indent(8) }}
    from bounds
    left join counted as known on bounds.role = known.role
    group by bounds.role
),

windows as (
    select
        widths.*,
        subject.frequency,
        subject.log_allowed,
        subject.break_period,
        subject.break_reason,
        subject.oldest_known_from,
        widths.cut_month is not null and coalesce(subject.frequency, '') = 'monthly' as is_comparable,
        {{ add_months('widths.cut_month', '-widths.lag_months') }} as pre_start,
        {{ add_months('widths.cut_month', 'widths.pre_length - 1 - widths.lag_months') }} as pre_end,
        widths.cut_month as post_start,
        {{ add_months('widths.cut_month', 'widths.post_length - 1') }} as post_end,
        {{ windows_side_by_side() | indent(8) }},
        coalesce(
            (
                select {{ sorted_list(month_text(add_months('widths.cut_month', 'left_out.own_index'))) }}
                from left_out
            ),
            {{ empty_list() }}
        ) as months_left_out
    from widths
    left join subject on widths.series_id = subject.series_id
    cross join (select * from statistics where role = 'pre') as pre
    cross join (select * from statistics where role = 'post') as post
    cross join (select * from statistics where role = 'earlier') as earlier
    cross join (select * from statistics where role = 'trend') as trend
),

compared as (
    select
        difference.* exclude (as_of),
        case when holes.are_left_out then greatest(difference.as_of, holes.known_from) else difference.as_of end as as_of,
        case when holes.are_left_out then holes.n_pre_lacking else 0 end as n_pre_left_out,
        case when holes.are_left_out then holes.n_post_lacking else 0 end as n_post_left_out
    from (
        {{ compare_windows('windows') | indent(8) }}
    ) as difference
    cross join holes
),

-- months from the requested cut to the acts that reach the series
distances as (
    select
        other.event_id,
        {{ months_between('compared.cut_month', 'other.cut_month') }} as distance
    from compared
    cross join dim_event as other
    inner join reaching on other.event_id = reaching.event_id
    where other.in_report and other.event_class = 'act'
),

-- a gap in the publications touches months without a value only, which are not compared
touching as (
    select
        episode.episode_id,
        {{ months_between('compared.cut_month', month_start('episode.starts_on')) }} as first_index,
        {{ months_between('compared.cut_month', episode_end('episode')) }} as last_index
    from compared
    inner join subject on compared.series_id = subject.series_id
    inner join dim_episode as episode on {{ episode_applies('episode', 'subject') }}
    where not {{ is_publication_gap('episode') }}
),

-- every month of the life of the series as a cut, `shift` months from the requested one
shifts as (
    select cast(unnest(generate_series(first_index, last_index)) as integer) as shift
    from life
),

-- The same difference at each of them, of the months that have a value and whose counterpart has one, if there are enough of them: an
-- event is ranked among dates that are compared by the same rule.
shifted as (
    select
        shifts.shift,
        {{ difference_of_months('known', 'spans.pre_last + shifts.shift', 'spans.post_first + shifts.shift') | indent(8) }}
    from shifts
    cross join spans
    cross join life
    cross join sides
    inner join known on shifts.shift + sides.own_index = known.month_index
    left join known as other on shifts.shift + sides.other_index = other.month_index
    where shifts.shift + spans.pre_first >= life.first_index
        and shifts.shift + spans.post_last <= life.last_index
        and (sides.other_index is null or other.month_index is not null)
    group by shifts.shift
),

-- how large the changes of a balance usually were, in the months before the gap of each cut; only for a balance
changes as (
    select
        later.month_index,
        later.value - sooner.value as difference
    from subject
    inner join known as later on subject.is_balance
    inner join known as sooner on later.month_index - 12 = sooner.month_index
),

spreads as (
    select
        cuts.shift,
        mad(changes.difference) as spread
    from (select 0 as shift union select shift from shifts) as cuts
    cross join widths
    inner join changes
        on changes.month_index between cuts.shift - widths.gap_months - {{ balance_months() - 12 }} and cuts.shift - widths.gap_months - 1
    group by cuts.shift
    having count(*) = {{ balance_months() - 12 }} and mad(changes.difference) > 0
),

-- differences of a balance are scaled to the size its changes had before the requested cut
placebo_cuts as (
    select
        {{ add_months('compared.cut_month', 'shifted.shift') }} as placebo_month,
        case
            when compared.scale = 'log' then shifted.d_log
            when subject.is_balance then shifted.d_level / there.spread * here.spread
            else shifted.d_level
        end as statistic
    from shifted
    cross join spans
    cross join compared
    inner join subject on compared.series_id = subject.series_id
    left join spreads as there on shifted.shift = there.shift
    left join spreads as here on here.shift = 0
    where compared.is_complete
        and shifted.n_post >= {{ least_months('(spans.post_last - spans.post_first + 1)') }}
        and shifted.n_pre >= {{ least_months('(spans.pre_last - spans.pre_first + 1)') }}
        and {{ comparison_scale('subject.log_allowed', 'shifted.min_level') }} = compared.scale
        and abs(shifted.shift) >= {{ placebo_distance() }}
        and {{ add_months('compared.cut_month', 'shifted.shift') }} >= {{ first_placebo_month() }}
        and (not subject.is_balance or there.spread * here.spread is not null)
        and not exists (
            select 1 from distances
            where {{ is_near_event('distances.distance - shifted.shift', 'compared.window_months') }}
        )
        and not exists (
            select 1 from touching
            where {{ touches_windows(
                'touching.first_index', 'touching.last_index',
                'spans.pre_first + shifted.shift', 'spans.pre_last + shifted.shift',
                'spans.post_first + shifted.shift', 'spans.post_last + shifted.shift'
            ) | indent(12) }}
        )
)
{%- endmacro %}
