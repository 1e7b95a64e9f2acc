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

{% macro comparison_steps() -%}
request as (
    select
        cut.event_id,
        cut.cluster_id,
        cut.event_class,
        case when least(months, coalesce(post_months, months)) >= 1 and gap >= 0 then cut.cut_month end as cut_month,
        cast(series as varchar) as series_id,
        cast(months as integer) as window_months,
        cast(gap as integer) as gap_months,
        {{ lag_months('cast(months as integer)', 'cast(gap as integer)') }} as lag_months,
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

-- the events that reach the series
reaching as (
    select distinct event_id
    from rpt_event_exposure
    where series_id = cast(series as varchar)
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

statistics as (
    select
        bounds.role,
        coalesce(greatest(0, max(bounds.last_index) - max(bounds.first_index) + 1), 0) as n_months,
        {{ window_statistics() | indent(8) }}
    from bounds
    left join known on known.month_index between bounds.first_index and bounds.last_index
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
        {{ windows_side_by_side() | indent(8) }}
    from widths
    left join subject on widths.series_id = subject.series_id
    cross join (select * from statistics where role = 'pre') as pre
    cross join (select * from statistics where role = 'post') as post
    cross join (select * from statistics where role = 'earlier') as earlier
    cross join (select * from statistics where role = 'trend') as trend
),

compared as (
    {{ compare_windows('windows') | indent(4) }}
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

-- a gap in the publications counts in the months without a value only
touching as (
    select
        episode.episode_id,
        {{ months_between('compared.cut_month', month_start('episode.starts_on')) }} as first_index,
        {{ months_between('compared.cut_month', episode_end('episode')) }} as last_index
    from compared
    inner join subject on compared.series_id = subject.series_id
    inner join dim_episode as episode on {{ episode_applies('episode', 'subject') }}
    where not {{ is_publication_gap('episode') }}
    union all
    select
        gap_months_of.episode_id,
        min(gap_months_of.month_index),
        max(gap_months_of.month_index)
    from (
        select
            episode.episode_id,
            cast(unnest(generate_series(
                cast({{ months_between('compared.cut_month', month_start('episode.starts_on')) }} as integer),
                cast({{ months_between('compared.cut_month', 'least(episode.ends_on, current_date)') }} as integer)
            )) as integer) as month_index
        from compared
        inner join subject on compared.series_id = subject.series_id
        inner join dim_episode as episode on {{ episode_applies('episode', 'subject') }}
        where {{ is_publication_gap('episode') }}
    ) as gap_months_of
    cross join life
    left join known on gap_months_of.month_index = known.month_index
    where known.month_index is null and gap_months_of.month_index between life.first_index and life.last_index
    group by gap_months_of.episode_id
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

-- the same difference with every month with a value taken as a cut, `shift` months from the requested one
shifted as (
    select
        cuts.month_index as shift,
        {{ difference_of_months('known', 'spans.pre_last + cuts.month_index', 'spans.post_first + cuts.month_index') | indent(8) }}
    from known as cuts
    cross join spans
    inner join known
        on {{ in_either_window(
            'known.month_index', 'spans.pre_first + cuts.month_index', 'spans.pre_last + cuts.month_index',
            'spans.post_first + cuts.month_index', 'spans.post_last + cuts.month_index'
        ) | indent(8) }}
    group by cuts.month_index
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
    from (select 0 as shift union select month_index from known) as cuts
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
        and shifted.n_post = spans.post_last - spans.post_first + 1
        and shifted.n_pre = spans.pre_last - spans.pre_first + 1
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
