"""The measurements of docs/methods.md that are made from a release: how often a method errs, how often an interval holds, what a
worked figure comes to.

Belongs here: one function a marked part of the page, which gives its Markdown. Does not belong here: where the parts stand and the
answers of the chosen designs (answer_blocks.py), the prose around them (docs/methods.md).

A figure that somebody typed stays what it was when the figures grow: in November 2026 twenty of them no longer held.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.readers.wording import share

if TYPE_CHECKING:
    import duckdb

#: rows of the table of false alarms: what it is called, the method in rpt_method_calibration and the months of its windows
FALSE_ALARMS: tuple[tuple[str, str, int], ...] = (
    ("Welch's t, 12 v. 12 months", "welch", 12),
    ("Welch's t, 24 v. 24 months", "welch", 24),
    ("interrupted time series, least squares", "its_ols", 60),
    ("interrupted time series, Newey-West", "its_nw", 60),
    ("interrupted time series, EWC", "its_ewc", 60),
    ("interrupted time series, AR(p) GLS", "its_gls", 60),
    ("placebo rank of .05, 12 months", "placebo_rank", 12),
    ("verdict (calibrated rank), 12 months", "placebo_rank_calibrated", 12),
    ("verdict of difference in differences, 12 months", "difference_in_differences_rank_calibrated", 12),
    ("forecast (ARIMA), its own interval, 12 months", "forecast_arima_nominal", 12),
    ("forecast (ARIMA), calibrated interval, 12 months", "forecast_arima_calibrated", 12),
)
#: models of the table of forecasts: what they are called, and their methods without `_nominal` and `_calibrated`
FORECASTS = {"ARIMA": "forecast_arima", "components": "forecast_uc"}
#: series of which the page says how far forecasts miss
MISSED = {
    "usa_imports_goods_can": "imports from Canada",
    "usa_imports_goods_chn": "imports from China",
    "usa_employment_motor_vehicles_parts": "jobs in motor vehicles and parts",
    "mex_production_vehicles": "vehicles made in Mexico",
}


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def false_alarms_table(con: duckdb.DuckDBPyConnection) -> str:
    """How often each method calls a date without an event unusual, without a gap. Raises ValueError for a method that is not there."""
    rows = []
    for name, method, months in FALSE_ALARMS:
        nominal, fired, dates = con.execute(
            """select max(nominal_rate), sum(fired), sum(n_pseudo_events) from rpt_method_calibration
               where method = ? and window_months = ? and gap_months = 0 and era = 'all'""",
            [method, months],
        ).fetchall()[0]
        if not dates:
            raise ValueError(f"rpt_method_calibration has no dates of {method} with {months} months")
        rows.append([name, share(nominal), share(fired / dates), f"{dates:,}"])
    return table(["method", "promises", "measured", "dates"], rows)


def forecasts_table(con: duckdb.DuckDBPyConnection) -> str:
    """How often the intervals of both models hold at dates without an event, over the series that have a calibrated one, without a gap."""
    rows = []
    for name, method in FORECASTS.items():
        found = con.execute(
            """with series as (
                   select window_months, series_id, max(n_pseudo_events) filter (method = $calibrated) as dates,
                       sum(fired) filter (method = $calibrated) as outside,
                       sum(fired) filter (method = $nominal) as outside_nominal,
                       max(n_pseudo_events) filter (method = $nominal) as dates_nominal
                   from rpt_method_calibration
                   where method in ($calibrated, $nominal) and gap_months = 0 and era = 'all' and series_id is not null
                   group by window_months, series_id)
               select window_months, count(*), sum(dates), 1 - sum(outside_nominal) / sum(dates_nominal), 1 - sum(outside) / sum(dates),
                   quantile_cont(1 - outside / dates, 0.1)
               from series where dates is not null group by window_months order by window_months""",
            {"calibrated": f"{method}_calibrated", "nominal": f"{method}_nominal"},
        ).fetchall()
        rows += [
            [name, str(months), str(n), f"{dates:,}", _held(nominal), _held(held), f"{100 * low:.0f} %"]
            for months, n, dates, nominal, held, low in found
        ]
    heads = [
        "model",
        "window",
        "series",
        "dates",
        "nominal holds",
        "calibrated holds",
        "nine in ten series at least",
    ]
    return table(heads, rows)


def _held(value: float) -> str:
    """A share near one: 95.2 %."""
    return f"{100 * value:.1f} %"


def misses_of_forecasts(con: duckdb.DuckDBPyConnection) -> str:
    """How far forecasts of 12 months miss, and how many series have no calibrated interval. Raises ValueError for a series without one."""
    found = dict(
        con.execute(
            """select distinct series_id, mde95 from rpt_counterfactual_effect
               where model = 'arima_110_drift_month' and window_months = 12 and gap_months = 0 and mde95 is not null"""
        ).fetchall()
    )
    if missing := MISSED.keys() - found.keys():
        raise ValueError(f"no calibrated forecast of {', '.join(sorted(missing))}")
    sizes = ", ".join(f"{100 * found[series]:.0f} for {name}" for series, name in MISSED.items())
    ((judged, forecast),) = con.execute(
        """select count(distinct series_id) filter (method = 'forecast_arima_calibrated'), count(distinct series_id)
           from rpt_method_calibration
           where method like 'forecast_arima%' and window_months = 12 and gap_months = 0 and era = 'all'"""
    ).fetchall()
    return (
        f"- `mde95` says what could have been seen: 95 % of ARIMA's errors of 12 months were smaller than, in log points, {sizes}.\n"
        "- Fewer than 36 dates, or fewer than 6 blocks of 24 calendar months that hold one, give no calibrated interval: of "
        f"{forecast} series with such dates for windows of 12 months, {judged} have one, and the others are shown with the nominal "
        "interval only."
    )


def rate_of_trends(con: duckdb.DuckDBPyConnection) -> str:
    """How often the interrupted time series' p_gls is below .05 at dates without an event."""
    ((rate, n, dates, low, high),) = con.execute(
        """select sum(fired) / sum(n_pseudo_events), count(*), sum(n_pseudo_events), min(fired / n_pseudo_events), max(fired / n_pseudo_events)
           from rpt_method_calibration where method = 'its_gls' and gap_months = 0 and era = 'all' and n_pseudo_events >= 36"""
    ).fetchall()
    return (
        f"Over the {n} series with 36 such dates or more it is {share(rate)} of {dates:,} dates, from {share(low)} to {share(high)} by "
        "series."
    )


def worked_controls(con: duckdb.DuckDBPyConnection) -> str:
    """The worked difference in differences: jobs in motor vehicles against all manufacturing around round six, without a gap."""
    ((did, bias, ratio, mde),) = con.execute(
        """select did, pretrend_bias, breakdown_m, mde95 from rpt_difference_in_differences
           where event_id = 'nafta-round6-end' and treated_series_id = 'usa_employment_motor_vehicles_parts'
               and control_set_id = 'manufacturing_total' and window_months = 12 and gap_months = 0"""
    ).fetchall()
    return (
        f"Worked example, jobs in motor vehicles and parts against all manufacturing, 12 months around round six of the NAFTA talks: "
        f"`did` {did:+.4f} log points; the drift of the 36 months before would have made {bias:+.4f}, `breakdown_m` is {ratio:.2f} and "
        f"`mde95` {mde:.3f}."
    )


def gates_of_donors(con: duckdb.DuckDBPyConnection) -> str:
    """How many synthetic controls pass the gates, and the worked one: imports from Mexico around round six."""
    ((fits, passed, low, high),) = con.execute(
        """select count(*), count(*) filter (gate_passed), min(misfit), max(misfit) from rpt_synthetic_control
           where misfit is not null"""
    ).fetchall()
    ((donors, ratio, rank, misfit, ok),) = con.execute(
        """select n_donors, rmspe_ratio, rank, misfit, gate_passed from rpt_synthetic_control
           where event_id = 'nafta-round6-end' and series_id = 'usa_imports_goods_mex'"""
    ).fetchall()
    return (
        f"With the bundled figures {passed:,} of {fits:,} fits pass all three (misfit {low:.2f} to {high:.2f}): monthly imports are noisier than "
        "the first gate allows. Without `gate_passed` a rank is a description. Worked example, imports from Mexico, round six of the NAFTA "
        f"talks: {donors} donors, misfit {misfit:.2f}, ratio {ratio:.2f}, rank {rank:.2f}, "
        f"which {'passes' if ok else 'does not pass'} the gates."
    )
