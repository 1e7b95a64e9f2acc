"""Rates of false alarms of the standard errors of interrupted time series, and the dates at which they are measured."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from tests.support.interrupted_case import NO_EPISODES, frame, noise
from transforms.statistics import interrupted_calibration as calibration
from transforms.statistics.interrupted import interrupted_time_series


def test_false_alarm_rates_count_what_fired():
    results = pl.DataFrame(
        {
            "series_id": ["a"] * 4,
            "cut_month": [date(2000, 1, 1), date(2001, 1, 1), date(2003, 12, 1), date(2002, 1, 1)],
            "reason": [None, None, None, "a month of a window has no value"],
            **{p: [0.01, 0.2, 0.049, 0.001] for p in ("p_gls", "p_ewc", "p_nw", "p_ols")},
            **{c: [0.0, 1.0, 4.0, 100.0] for c in ("level_change", "level_change_ols")},
        }
    )
    rates = calibration.false_alarm_rates(results)
    assert rates.schema == calibration.CALIBRATION_SCHEMA
    row = rates.filter(method="its_gls").row(0, named=True)
    assert (row["n_pseudo_events"], row["fired"], row["n_blocks"]) == (3, 2, 0)
    assert row["false_alarm_rate"] == pytest.approx(2 / 3)
    assert row["mde95"] == pytest.approx(1 + 0.9 * 2)
    assert (row["first_cut"], row["last_cut"]) == (date(2000, 1, 1), date(2003, 12, 1))


def test_designs_at_dates_without_an_event_give_a_whole_window_each():
    """A window that is cut short would be compared with the whole windows of events."""
    monthly = frame(np.exp(noise(200)))
    event, other_start = date(2012, 6, 1), date(2013, 3, 1)
    series_id = monthly["series_id"][0]
    # an act that reaches another series only leaves the dates around it quiet
    acts = pl.DataFrame({"series_id": [series_id, "other"], "cut_month": [event, date(2008, 6, 1)]})
    joint = pl.DataFrame({"series_id": [series_id, "other"], "start_month": [other_start, date(2011, 1, 1)]})
    designs, pairs = calibration.clean_designs(monthly, NO_EPISODES, acts, joint)
    assert pairs.height == designs.height > 0
    assert all(
        abs((cut.year - event.year) * 12 + cut.month - event.month) > 12 for cut in designs["cut_month"]
    )
    assert all(starts.to_list() == [other_start] for starts in designs["joint_months"])
    rows = interrupted_time_series(monthly, NO_EPISODES, designs, pairs)
    assert rows["reason"].null_count() == rows.height
    assert set(rows["n_months"]) == {120}


def test_series_have_the_steps_of_what_reaches_them():
    """A step for an event that does not reach the series would cost months and take a part of its own change."""
    months = 300
    monthly = pl.concat([frame(np.exp(noise(months)), name) for name in ("a", "b", "c")])
    nothing = pl.DataFrame(schema={"series_id": pl.String, "cut_month": pl.Date})
    steps = [("a", date(2013, 3, 1)), ("b", date(2013, 3, 1)), ("b", date(2016, 5, 1))]
    joint = pl.DataFrame(steps, schema={"series_id": pl.String, "start_month": pl.Date}, orient="row")
    designs, pairs = calibration.clean_designs(monthly, NO_EPISODES, nothing, joint)
    found: dict[str, set[date]] = {"a": set(), "b": set(), "c": set()}
    for series_id, joined in (
        pairs.join(designs, on="design_id").select("series_id", "joint_months").iter_rows()
    ):
        found[series_id] |= set(joined)
    assert found == {"a": {date(2013, 3, 1)}, "b": {date(2013, 3, 1), date(2016, 5, 1)}, "c": set()}
    # those whose steps are the same share their designs
    shared = pairs.group_by("design_id").agg(pl.col("series_id").sort())["series_id"].to_list()
    assert ["a", "b"] in shared or ["a", "b", "c"] in shared
