-- Prevents an estimate that just reaches the end of its interval from being inside it in one table and outside in another: ends are
-- published with eight digits, and the interval of a series reaches one of its dates exactly.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_answer_design'}}}) }}
select answer.series_id, answer.cut_month, answer.variant, answer.verdict
from {{ ref('rpt_answer_design') }} as answer
inner join {{ ref('rpt_counterfactual_effect') }} as forecast
    on answer.series_id = forecast.series_id
    and answer.variant = forecast.model
    and answer.cut_month = forecast.cut_month
    and answer.window_months = forecast.window_months
    and answer.gap_months = forecast.gap_months
where answer.design = 'forecast'
    and forecast.outside_calibrated is not null
    and (
        (answer.verdict = 'outside_usual_range' and not forecast.outside_calibrated)
        or (answer.verdict = 'within_usual_range' and forecast.outside_calibrated)
        -- the range that is shown says the same
        or forecast.outside_calibrated <> (forecast.lower95_calibrated > 0 or forecast.upper95_calibrated < 0)
    )
