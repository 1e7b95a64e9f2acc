"""What came beside what was expected, and intervals that are measured: against plain loops and known rates.

Belongs here: transforms/statistics/{conformal,counterfactual}.py. Does not belong here: the models (test_forecasts.py).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.statistics import counterfactual, drift_month
from transforms.statistics.conformal import MIN_BLOCKS, MIN_ORIGINS, calibrate
from transforms.statistics.counterfactual import calibrations, compare, ends_needed
from transforms.statistics.forecasts import GAP_WINDOWS, OWN_MONTH_GAP, WINDOWS

NO_EPISODES = pl.DataFrame(schema={"series_id": pl.String, "first_month": pl.Date, "last_month": pl.Date})

#: acts that reach a series: two that reach the long one, one of which is an event of the panel, and one that reaches the young one
ACTS = pl.DataFrame(
    {
        "series_id": ["long", "long", "young"],
        "cut_month": [dt.date(2010, 4, 1), dt.date(1999, 8, 1), dt.date(2009, 12, 1)],
    }
)


def day(month: np.datetime64) -> dt.date:
    return month.astype("datetime64[D]").item()


@pytest.fixture(scope="module")
def panel():
    """Two series of different length, one with a hole, an episode, and two events; forecasts and comparison."""
    random = np.random.default_rng(5)
    series = {}
    for name, first, count in (("long", "1980-01", 420), ("young", "2001-05", 150)):
        months = np.datetime64(first, "M") + np.arange(count)
        series[name] = (months, np.cumsum(random.normal(0.002, 0.02, count)))
    series["long"][1][300] = np.nan
    monthly = pl.concat(
        pl.DataFrame(
            {"series_id": name, "period_start": months.astype("datetime64[D]"), "y": values}
        ).with_columns(pl.col("y").fill_nan(None))
        for name, (months, values) in series.items()
    )
    episodes = pl.DataFrame(
        {"series_id": ["long"], "first_month": [dt.date(1996, 3, 1)], "last_month": [dt.date(1996, 5, 1)]}
    )
    events = [np.datetime64("2010-04"), np.datetime64("2011-01")]
    forecasts = drift_month.forecast(series)
    return (
        series,
        episodes,
        events,
        forecasts,
        compare(forecasts, monthly, episodes, events, events[:1], ACTS),
        monthly,
    )


def test_every_row_is_the_plain_sum_of_its_months(panel):
    """Running sums over several series at once: one row too far would take a month of the next series."""
    series, _, _events, forecasts, compared, _ = panel
    paths = {(r["series_id"], r["train_end"]): r for r in forecasts.iter_rows(named=True)}
    assert compared.height > 3000
    for r in compared.sample(600, seed=1).iter_rows(named=True):
        months, values = series[r["series_id"]]
        cut = int((np.datetime64(r["cut_month"], "M") - months[0]).astype(int))
        gap, count = r["gap_months"], r["months"]
        first, last = (0, count) if r["span"] == "window" else (count - 1, count)
        window = values[cut + first : cut + last]
        assert len(window) == last - first, "a span that reaches past the end of the series has no row"
        made = paths[r["series_id"], day(months[cut - gap - 1])]
        assert r["train_end"] == made["train_end"] and r["n_train"] == made["n_train"]
        assert (r["actual"] is None) == bool(np.isnan(window).any())
        if r["actual"] is not None:
            assert r["actual"] == pytest.approx(window.mean(), abs=1e-10)
        if made["expected"]:
            assert r["expected"] == pytest.approx(np.mean(made["expected"][gap + first : gap + last]))
            half = (
                made["window_half_width"][GAP_WINDOWS.index((gap, count))]
                if r["span"] == "window"
                else made["half_width"][gap + count - 1]
            )
            assert r["half_width"] == half
        assert (r["reason"] is None) == (r["actual"] is not None and r["expected"] is not None)


def test_the_own_month_of_an_event_is_in_no_forecast_of_it(panel):
    """An event of 20 March 2010 cuts at April. With the gap of its own month the forecast ends at February, and its path is the one
    from March on; the other event falls on a first day and has neither."""
    compared = panel[4].filter("is_event_cut")
    own = compared.filter(pl.col("gap_months") == OWN_MONTH_GAP)
    assert own["cut_month"].unique().to_list() == [dt.date(2010, 4, 1)]
    assert own["train_end"].unique().to_list() == [dt.date(2010, 2, 1)]
    path = compared.filter(pl.col("span") == "month")
    assert path["cut_month"].unique().sort().to_list() == [
        dt.date(2010, 3, 1),
        dt.date(2010, 4, 1),
        dt.date(2011, 1, 1),
    ]
    for name in ("long", "young"):
        of_path = path.filter(pl.col("series_id") == name, pl.col("cut_month") == dt.date(2010, 3, 1))
        mean = of_path.filter(pl.col("months").is_between(2, 13))["expected"].mean()
        of_window = own.filter(pl.col("series_id") == name, pl.col("months") == 12)["expected"].item()
        assert mean == pytest.approx(of_window), name


def test_origins_are_dates_without_anything(panel):
    """An episode or an act that reaches the series among the calm dates would widen every interval, and hide what it is held
    against; one that reaches another series takes calm dates away for nothing, and so does an event that is no act."""
    series, _, events, _, compared, _ = panel
    rows = compared.filter(pl.col("span") == "window")
    asked = set()
    for name, (months, values) in series.items():
        for gap, window in GAP_WINDOWS:
            for cut in range(gap + 84, len(values) - window + 1):
                around = months[cut - gap - window : cut + window]
                touched = (
                    name == "long"
                    and ((around >= np.datetime64("1996-03")) & (around <= np.datetime64("1996-05"))).any()
                )
                near = any(
                    abs((months[cut] - np.datetime64(act, "M")).astype(int)) < window
                    for reached, act in ACTS.iter_rows()
                    if reached == name
                ) or months[cut] < np.datetime64("1985-01")
                train = values[max(0, cut - gap - 120) : cut - gap]
                holes = np.flatnonzero(np.isnan(train))
                enough = len(train) - (holes[-1] + 1 if len(holes) else 0) >= 84
                if enough and not touched and not near and not np.isnan(values[cut : cut + window]).any():
                    asked.add((name, day(months[cut]), gap, window))
    found = set(rows.filter("is_origin").select("series_id", "cut_month", "gap_months", "months").iter_rows())
    assert found == asked
    assert rows.filter(pl.col("is_event_cut"))["cut_month"].unique().sort().to_list() == [
        day(e) for e in events
    ]


def test_months_after_the_cut_change_what_came_and_nothing_else(panel):
    """No leak: the same expectations and intervals whatever happened from the cut on."""
    series, episodes, events, _, compared, monthly = panel
    cut = day(events[0])
    later = monthly.with_columns(
        pl.when(pl.col("period_start") >= cut).then(pl.col("y") + 3).otherwise("y").alias("y")
    )
    changed = {
        name: (months, np.where(months >= events[0], values + 3, values))
        for name, (months, values) in series.items()
    }
    again = compare(drift_month.forecast(changed), later, episodes, events, events[:1], ACTS)
    keys = ["series_id", "gap_months", "span", "months"]
    at = [frame.filter(pl.col("cut_month") == cut).sort(keys) for frame in (compared, again)]
    assert at[0].drop("actual").equals(at[1].drop("actual")) and at[0].height > 40
    moved = (at[1]["actual"] - at[0]["actual"]).drop_nulls()
    assert moved.len() and (moved - 3).abs().max() < 1e-9


def test_forecast_of_an_unknown_series_is_refused(panel):
    _, episodes, events, forecasts, _, monthly = panel
    with pytest.raises(ValueError, match="have no months: \\['young'\\]"):
        compare(forecasts, monthly.filter(pl.col("series_id") == "long"), episodes, events, events[:1], ACTS)


def test_slow_models_are_asked_for_what_is_needed():
    """An origin too few is an event without a row; one too many costs time at every build."""
    months = np.datetime64("2000-01") + np.arange(240)
    cuts = [np.datetime64("2018-02"), np.datetime64("2025-01")]
    acts = [np.datetime64("2010-03")]
    ends = ends_needed(months, cuts, cuts[:1], acts, 3)
    for end in ("2018-01", "2017-10", "2017-07"):
        assert np.datetime64(end) in ends
    # the first of the two events falls inside a month, which its forecast must not know; the second has no such month
    assert np.datetime64("2017-12") in ends and np.datetime64("2024-11") not in ends
    assert np.datetime64("2018-03") in ends, (
        "the cut of April is a calendar quarter's first, and no act is near"
    )
    assert np.datetime64("2017-11") not in ends and ends.max() <= months[-1]
    # cuts less than six months from an act that reaches the series calibrate no window: October 2009 to July 2010
    assert not {np.datetime64("2009-09"), np.datetime64("2009-12")} & set(ends)
    assert {np.datetime64("2009-06"), np.datetime64("2010-03")} <= set(ends), (
        "of July 2009, and of October 2010"
    )
    assert 60 < len(ends) < 90
    old = ends_needed(np.datetime64("1970-01") + np.arange(240), [], [], [], 3)
    assert old.min() == np.datetime64("1984-06"), (
        "six months, the longest gap, before the first date of January 1985"
    )


def test_calibration_of_the_comparison(panel):
    """Keys and months of each calibration are those of its own origins."""
    compared = panel[4]
    found = calibrations(compared)
    for r in found.iter_rows(named=True):
        own = compared.filter(
            "is_origin", *(pl.col(k) == r[k] for k in ("series_id", "gap_months", "span", "months"))
        ).sort("cut_month")
        assert (r["n_origins"], r["first_cut"], r["last_cut"]) == (
            own.height,
            own["cut_month"][0],
            own["cut_month"][-1],
        )
        window = min(w for w in WINDOWS if w >= r["months"])
        month = own["cut_month"].to_numpy().astype("datetime64[M]").astype(int)
        one = calibrate(
            (own["actual"] - own["expected"]).to_numpy(),
            own["half_width"].to_numpy(),
            month,
            np.array([0]),
            np.array([window]),
        )
        alone = (one.scale[0], one.inside_calibrated[0], one.error95[0]) if one.enough[0] else (None,) * 3
        assert (r["scale"], r["inside_calibrated"], r["error95"]) == alone
        assert one.enough[0] <= (r["n_origins"] >= MIN_ORIGINS and r["n_blocks"] >= MIN_BLOCKS)
    assert found["scale"].is_not_null().any() and found["scale"].is_null().any()
    assert calibrations(compared.clear()).height == 0


@examples(15)
@given(st.integers(0, 1000), st.sets(st.integers(0, 299), max_size=25))
def test_any_holes_give_a_number_or_a_reason(seed, holes):
    """Never a number from months that are not there, never a crash."""
    values = np.cumsum(np.random.default_rng(seed).normal(size=300))
    values[list(holes)] = np.nan
    months = np.datetime64("1990-01") + np.arange(300)
    monthly = pl.DataFrame({"series_id": "s", "period_start": months.astype("datetime64[D]"), "y": values})
    events = list(months[::7])
    compared = compare(
        drift_month.forecast({"s": (months, values)}), monthly, NO_EPISODES, events, events[:1], ACTS
    )
    effect = (compared["actual"] - compared["expected"]).is_not_null()
    assert (effect == compared["reason"].is_null()).all()
    assert compared.filter(effect)["half_width"].is_not_null().all()
    assert set(compared["reason"].drop_nulls()) <= {
        counterfactual.REASON_HOLE,
        "fewer than 84 months in a row before the cut have a usable value",
        "the training months do not vary",
        "the model is not stable on the training months",
    }
