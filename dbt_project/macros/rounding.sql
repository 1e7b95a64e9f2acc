{#
    Rounding is no revision: a copy with fewer digits whose figure is the earlier one rounded says nothing new.
    Belongs here: how many digits a figure and a copy have, when one figure is another one rounded, vintages without rounding.
    Does not belong here: how appended rows become vintages at all (vintages.sql).

    In November 2026, 220 of the 254 changes of usa_imports_goods_mex were whole millions put after figures with six decimals.
#}

{# A copy that states at least so many figures of a series shows with how many digits it is written; a few may end in 0 by chance. #}
{% macro min_figures_of_copy() %}{{ return(10) }}{% endmacro %}

{# Digits that a single figure must lack, where its copy is too small to judge by: 1 of 10 figures with one decimal ends in .0. #}
{% macro min_lost_digits() %}{{ return(2) }}{% endmacro %}

{# Decimals of a DOUBLE in its shortest decimal text; 17, which is more than any has, where the text has an exponent. #}
{% macro decimals(value) -%}
    case
        when {{ value }} = trunc({{ value }}) then 0
        when position('e' in cast({{ value }} as varchar)) > 0 then 17
        else length(cast({{ value }} as varchar)) - position('.' in cast({{ value }} as varchar))
    end
{%- endmacro %}

{#
    Whether the figure of `coarse` is that of `fine` rounded. Both are aliases with value, decimals and copy_decimals (decimals of
    the copy that stated it, null where the copy is too small to judge by).
#}
{% macro is_rounded_from(coarse, fine) -%}
    {%- set step -%}
        coalesce(
            {{ coarse }}.copy_decimals,
            case when {{ fine }}.decimals - {{ coarse }}.decimals >= {{ min_lost_digits() }} then {{ coarse }}.decimals end
        )
    {%- endset -%}
    -- half a unit of the last digit, whichever way a half was rounded, and what a DOUBLE cannot tell apart
    coalesce(
        {{ step }} < {{ fine }}.decimals
        and abs({{ coarse }}.value - {{ fine }}.value)
        <= 0.5 * power(10, -{{ step }}) * (1 + 1e-9) + 1e-15 * abs({{ fine }}.value),
        false
    )
{%- endmacro %}

{#
    Rows of `relation` (vintages as collapse_vintages gives them, with series_id, period_start, value, status) without those that
    only round, and with `adds_digits`.

    In the order of knowledge, each figure is compared with the one in force, which is the one with the most digits so far:
    one that is it rounded changes nothing; one of which it is the rounding, to the digits of the finest copy that stated it, takes
    its place with `adds_digits` and the revision_number of the row before (its digits were not known earlier, so it is a vintage
    and no revision). A change of status is a vintage as ever, with the figure in force. What comes out depends on what was known
    when and not on the order of loading.
#}
{% macro without_rounding(relation) -%}
    {%- set key = 'series_id, period_start' -%}
    {%- set by_key = 'partition by series_id, period_start order by known_from' -%}
    with recursive measured as (
        select
            *,
            {{ decimals('value') | indent(12) }} as decimals
        from {{ relation }}
    ),

    copies as (
        select
            series_id,
            known_from,
            max(decimals) as copy_decimals
        from measured
        where value is not null
        group by series_id, known_from
        having count(*) >= {{ min_figures_of_copy() }}
    ),

    numbered as (
        select
            measured.*,
            copies.copy_decimals,
            row_number() over (
                partition by measured.series_id, measured.period_start order by measured.known_from
            ) as place
        from measured
        left join copies on measured.series_id = copies.series_id and measured.known_from = copies.known_from
        where measured.revision_number > 0 or measured.known_to is not null
    ),

    -- only where a figure and its neighbour are one, the figure in force is another than the one just before, and only where a copy
    -- repeats a figure (with another status), it can be one of more digits than the copy just before
    rounded as (
        select distinct
            later.series_id,
            later.period_start
        from numbered as later
        inner join numbered as earlier
            on later.series_id = earlier.series_id
            and later.period_start = earlier.period_start
            and later.place = earlier.place + 1
        where {{ is_rounded_from('later', 'earlier') | indent(12) }}
            or {{ is_rounded_from('earlier', 'later') | indent(12) }}
            or (later.value = earlier.value and later.copy_decimals is distinct from earlier.copy_decimals)
    ),

    replayed as (
        select * from numbered
        semi join rounded using ({{ key }})
    ),

    in_force as (
        select
            series_id,
            period_start,
            place,
            value,
            decimals,
            copy_decimals,
            status,
            true as is_change,
            false as adds_digits
        from replayed
        where place = 1

        union all

        select
            series_id,
            period_start,
            place,
            case when is_repeated then old_value else value end,
            case when is_repeated then old_decimals else decimals end,
            case
                when value = old_value then greatest(copy_decimals, old_copy_decimals)
                when is_repeated then old_copy_decimals
                else copy_decimals
            end,
            status,
            not is_repeated or status <> old_status,
            is_finer and status = old_status
        from (
            select
                later.series_id,
                later.period_start,
                later.place,
                later.value,
                later.decimals,
                later.copy_decimals,
                later.status,
                in_force.value as old_value,
                in_force.decimals as old_decimals,
                in_force.copy_decimals as old_copy_decimals,
                in_force.status as old_status,
                later.value is not distinct from in_force.value
                or {{ is_rounded_from('later', 'in_force') | indent(16) }} as is_repeated,
                {{ is_rounded_from('in_force', 'later') | indent(16) }} as is_finer
            from in_force
            inner join replayed as later
                on in_force.series_id = later.series_id
                and in_force.period_start = later.period_start
                and in_force.place + 1 = later.place
        ) as compared
    )

    select
        * exclude (value, known_to, revision_number),
        value,
        known_to,
        revision_number,
        false as adds_digits
    from {{ relation }}
    anti join rounded using ({{ key }})

    union all

    select
        * exclude (place, value, adds_digits),
        value,
        lead(known_from) over ({{ by_key }}) as known_to,
        cast(sum(case when adds_digits then 0 else 1 end) over ({{ by_key }}) - 1 as integer) as revision_number,
        adds_digits
    from (
        select
            replayed.* exclude (known_to, revision_number, value, decimals, copy_decimals),
            in_force.value,
            in_force.adds_digits
        from replayed
        inner join in_force
            on replayed.series_id = in_force.series_id
            and replayed.period_start = in_force.period_start
            and replayed.place = in_force.place
        where in_force.is_change
    ) as changes
{%- endmacro %}
