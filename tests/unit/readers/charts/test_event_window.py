"""The months around events as an index: every event a line, preliminary months hollow, too many events refused."""

from __future__ import annotations

import polars as pl
import pytest

from orchestration.readers.charts.event_window import event_window_chart
from orchestration.readers.charts.theme import ChartError
from tests.support.chart_case import AGENCY, SERIES, rows_of, windows_frame


def test_every_month_of_every_event_is_drawn_as_it_was_given() -> None:
    spec = event_window_chart(windows_frame(3), SERIES, agency=AGENCY).to_dict()
    drawn = {
        (r["event"], r["month_offset"], r["index_100"])
        for r in rows_of(spec, "event", "month_offset", "index_100")
    }
    assert drawn == set(windows_frame(3).select("event", "month_offset", "index_100").iter_rows())
    hollow = [
        rows for rows in spec["datasets"].values() if rows and all(r.get("is_preliminary") for r in rows)
    ]
    assert {r["month_offset"] for rows in hollow for r in rows} == {11, 12}


def test_too_many_events_or_no_number_are_refused() -> None:
    with pytest.raises(ChartError, match="too many"):
        event_window_chart(windows_frame(8), SERIES, agency=AGENCY)
    empty = windows_frame().with_columns(index_100=pl.lit(None, pl.Float64))
    with pytest.raises(ChartError, match="nothing to draw"):
        event_window_chart(empty, SERIES, agency=AGENCY)
