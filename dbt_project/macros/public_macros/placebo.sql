{# The dates without an event that before_after ranks its difference among. #}
{% macro placebo_body() -%}
with {{ comparison_steps() }},

-- the requested cut, and every month without a known event
cuts as (
    select
        cut_month,
        case when scale = 'log' then d_log else d_level end as difference,
        true as is_event
    from compared
    where is_complete
    union all
    select
        placebo_month,
        statistic,
        false
    from placebo_cuts
),

centre as (
    select median(statistic) as middle
    from placebo_cuts
)

select
    compared.event_id,
    compared.series_id,
    compared.window_months,
    compared.gap_months,
    cuts.cut_month,
    compared.scale,
    cuts.difference,
    centre.middle as placebo_median,
    cuts.is_event
from cuts
cross join centre
cross join compared
order by cuts.cut_month
{%- endmacro %}
