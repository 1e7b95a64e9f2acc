-- Monthly series as the statistics in Python read them: the figure, and whether it is compared in logarithms. Unlike the scale
-- of int_series_monthly this does not depend on the figures: one zero in 30 years withholds the windows it lies in, and does
-- not turn every relative change of the series into a change in dollars. What the press quoted is left out: models are calibrated here.
{{ config(materialized='view', meta={'by_series': ['int_series_monthly', 'int_known_series']}) }}
select
    monthly.series_id,
    monthly.period_start,
    monthly.value,
    case when {{ has_log_scale() }} then 'log' else 'level' end as scale
from {{ ref('int_series_monthly') }} as monthly
inner join {{ ref('int_known_series') }} as series on monthly.series_id = series.series_id
where {{ is_not_press('series') }}
