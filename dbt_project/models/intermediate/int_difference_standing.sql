-- One row says where a difference in differences stands among the same difference at dates without a known event. It holds the cuts
-- of the report's events and those dates themselves, as the gate on the drift before is measured there.
with differences as (
    select
        *,
        did as statistic,
        is_placebo or is_report_cut as is_wanted,
        true as is_event,
        window_months in {{ in_list(judged_windows()) }} as is_judged
    from (
        select
            *,
            cut_month in (select cut_month from {{ ref('int_event_cut') }} where in_report) as is_report_cut
        from {{ ref('int_control_difference') }}
    ) as marked
    where did is not null
)

select
    control_set_id,
    treated_series_id,
    window_months,
    gap_months,
    cut_month,
    is_placebo,
    cast(n_placebo as integer) as n_placebo,
    {{ placebo_blocks('n_placebo') }} as n_blocks,
    middle,
    deviation,
    placebo_rank,
    mde95,
    far_distances,
    pretrend_slope * lag_months as pretrend_bias
from ({{ placebo_standing('differences', ['control_set_id', 'treated_series_id', 'window_months', 'gap_months']) }}) as standing
