"""Charts of a comparison, its placebo dates and its windows on a month-by-month example, for tests of every chart module.

Belongs here: the example's series, observations and results, and the charts drawn of them.
Does not belong here: assertions.
"""

from __future__ import annotations

import datetime as dt
import math

import altair as alt
import polars as pl

from orchestration.readers.charts.comparison import comparison_chart
from orchestration.readers.charts.event_window import event_window_chart
from orchestration.readers.charts.panel import exposure_scatter, lead_lag_chart
from orchestration.readers.charts.placebo import placebo_chart
from orchestration.readers.charts.states import state_tiles
from tests.support import panel_chart_case
from tests.support.reading_case import IMPORTS

SERIES = {
    "series_id": "usa_imports_goods_mex",
    "title": "Imports of goods, USA from Mexico",
    "seasonal_adjustment": "NSA",
    "frequency": "monthly",
    "unit": "USD",
    "unit_multiplier": 1_000_000,
}
EVENT = {"event_id": "e", "title": "Sixth round ends", "event_date": dt.date(2018, 1, 29)}
STRIKE = {"title": "A strike", "starts_on": dt.date(2018, 11, 5), "ends_on": None}
AGENCY = "U.S. Census Bureau"


def month(n: int) -> dt.date:
    """The n-th month from February 2015 on."""
    return dt.date(2015 + (n + 1) // 12, (n + 1) % 12 + 1, 1)


def observations(values: list[float | None] = IMPORTS, preliminary: int = 0) -> pl.DataFrame:
    rows = [(month(i), v, i >= len(values) - preliminary) for i, v in enumerate(values)]
    return pl.DataFrame(
        rows,
        schema={"period_start": pl.Date, "value": pl.Float64, "is_preliminary": pl.Boolean},
        orient="row",
    )


def result(**changes: object) -> dict:
    before, after = IMPORTS[24:36], IMPORTS[36:48]
    return {
        "window_months": 12,
        "gap_months": 0,
        "as_of": dt.date(2026, 10, 10),
        "as_of_basis": "latest",
        "cut_month": dt.date(2018, 2, 1),
        "pre_start": dt.date(2017, 2, 1),
        "pre_end": dt.date(2018, 1, 1),
        "post_start": dt.date(2018, 2, 1),
        "post_end": dt.date(2019, 1, 1),
        "scale": "log",
        "pre_mean": sum(before) / 12,
        "post_mean": sum(after) / 12,
        "d_log": sum(map(math.log, after)) / 12 - sum(map(math.log, before)) / 12,
        "placebo_rank": 0.46,
        "n_placebo": 118,
        "mde95": 0.082,
        "verdict": "within_usual_range",
    } | changes


def drawn(**changes: object) -> alt.LayerChart:
    arguments = {
        "observations": observations(),
        "result": result(),
        "series": SERIES,
        "agency": AGENCY,
    } | changes
    return comparison_chart(
        arguments.pop("observations"), arguments.pop("result"), arguments.pop("series"), **arguments
    )


def pool() -> pl.DataFrame:
    logs = [math.log(v) for v in IMPORTS]
    cuts = range(12, len(logs) - 11)
    return pl.DataFrame(
        {"statistic": [sum(logs[i : i + 12]) / 12 - sum(logs[i - 12 : i]) / 12 for i in cuts]}
    )


def windows_frame(events: int = 1) -> pl.DataFrame:
    rows = [
        {
            "event": f"event {e}",
            "month_offset": k,
            "index_100": 100.0 + e + k,
            "is_preliminary": k > 10,
            "in_episode": k == 3,
        }
        for e in range(events)
        for k in range(-24, 13)
    ]
    return pl.DataFrame(rows)


def every_chart(**size: object) -> list[alt.LayerChart]:
    source = f"Source: {AGENCY}"
    example = panel_chart_case
    return [
        drawn(event=EVENT, others=[EVENT], episodes=[STRIKE], **size),
        placebo_chart(pool(), result(), SERIES, agency=AGENCY, event=EVENT, **size),
        event_window_chart(windows_frame(3), SERIES, agency=AGENCY, **size),
        lead_lag_chart(example.path(), example.panel_row(), example.FAMILY, source=source, **size),
        exposure_scatter(example.cells(), example.panel_row(), example.FAMILY, source=source, **size),
        state_tiles(example.states(), example.panel_row(), example.FAMILY, source=source, **size),
    ]


def rows_of(spec: dict, *columns: str) -> list[dict]:
    """The rows of every data set of a chart that has these columns."""
    return [r for rows in spec["datasets"].values() for r in rows if set(columns) <= set(r)]
