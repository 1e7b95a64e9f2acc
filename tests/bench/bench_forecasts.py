"""Forecasts of counterfactuals: cold, unchanged, with one new month, and the growth when series double.

Belongs here: the Python part of int_counterfactual on the bundled figures. Does not belong here: dbt (bench_budget.py).

The baseline is statsmodels, one fit after the other, on a sample of the same origins.
"""

from __future__ import annotations

import warnings
from datetime import date
from itertools import islice

import numpy as np
import polars as pl
import pytest

from orchestration.base.settings import Settings
from orchestration.build.statistics_cache import fingerprint, remembered
from tests.bench.timing import Measured, seconds_of, show
from tests.support.bundled import read
from tests.support.late import Late
from transforms.statistics import counterfactual, drift_month, local_linear_trend
from transforms.statistics.forecasts import STEPS, training_lengths

#: imported when a benchmark runs: every run of tests collects them
ar_model = Late("statsmodels.tsa.ar_model")
structural = Late("statsmodels.tsa.statespace.structural")

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

#: of two idle cores, for both models together
COLD_SECONDS = 60
SAMPLE = 40


@pytest.fixture(scope="module")
def series() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Logarithms of the positive monthly series of the bundled figures, without holes in time."""
    found = {}
    figures = read("observation_").filter(pl.col("value").is_not_null())
    for (name,), rows in figures.partition_by("series_id", as_dict=True).items():
        latest = rows.sort("known_from").unique("period_start", keep="last").sort("period_start")
        months = latest["period_start"].to_numpy().astype("datetime64[M]")
        steps = np.diff(months).astype(int)
        if len(months) > 100 and np.median(steps) == 1 and (latest["value"] > 0).all():
            spine = np.arange(months[0], months[-1] + 1)
            values = np.full(len(spine), np.nan)
            values[(months - months[0]).astype(int)] = np.log(latest["value"].to_numpy())
            found[name] = (spine, values)
    assert len(found) > 50
    return found


@pytest.fixture(scope="module")
def origins(series) -> list[local_linear_trend.Origin]:
    """What the seed asks of the slower model."""
    seed = Settings.load().dbt_project / "seeds" / "comparison" / "seed_method_series.csv"
    events = np.arange(np.datetime64("2017-06"), np.datetime64("2026-09"))
    found = []
    for name in pl.read_csv(seed)["series_id"]:
        if name in series:
            months, values = series[name]
            lengths = training_lengths(values)
            for end in counterfactual.ends_needed(months, events, events, 3):
                place = int((end - months[0]).astype(int))
                found.append(
                    local_linear_trend.Origin(name, end, values[place + 1 - lengths[place] : place + 1])
                )
    return found


def test_forecasts(series, origins, tmp_path):
    """Cold and unchanged against statsmodels; doubling the series must at most double the time."""
    windows = [
        values[end - 119 : end + 1]
        for _, values in islice(series.values(), SAMPLE)
        for end in (len(values) - 1,)
        if len(values) >= 120 and np.isfinite(values[end - 119 : end + 1]).all()
    ]
    ends = sum(len(values) for _, values in series.values())
    plain = seconds_of(
        lambda: [
            ar_model.AutoReg(np.diff(w), lags=1, trend="c", seasonal=True, period=12).fit().forecast(STEPS)
            for w in windows
        ]
    ) / len(windows)
    drift = seconds_of(lambda: drift_month.forecast(series))
    usable = [origin for origin in origins if len(origin.values) >= 120][:: max(1, len(origins) // SAMPLE)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        filtered = seconds_of(
            lambda: [
                structural.UnobservedComponents(o.values, "lltrend", seasonal=12).fit(disp=0).forecast(STEPS)
                for o in usable
            ]
        ) / len(usable)
    keyed = {fingerprint(o.series_id, str(o.train_end), o.values): [o] for o in origins}

    def components(units: dict) -> float:
        return seconds_of(lambda: remembered("uc", units, local_linear_trend.forecast_each, where=tmp_path))

    cold, unchanged = components(keyed), components(keyed)
    changed = {
        fingerprint("new", key) if place % 100 == 0 else key: o
        for place, (key, o) in enumerate(keyed.items())
    }
    one_percent = components(changed)
    twice = {f"{name}{copy}": value for name, value in series.items() for copy in "ab"}
    doubled = seconds_of(lambda: drift_month.forecast(twice))
    rows = [
        Measured(
            f"drift, {ends:,} origins", "AutoReg, one by one", drift, plain * ends, drift / (plain * ends)
        ),
        Measured("drift, twice the series", "once", doubled, drift, doubled / drift),
        Measured(
            f"components, {len(origins):,} origins",
            "UnobservedComponents, one by one",
            cold,
            filtered * len(origins),
            cold / (filtered * len(origins)),
        ),
        Measured("components, unchanged", "cold", unchanged, cold, unchanged / cold),
        Measured("components, one in a hundred changed", "cold", one_percent, cold, one_percent / cold),
    ]
    show("Forecasts", rows, 1)
    print(f"  both models cold: {drift + cold:.1f} s (limit on two idle cores: {COLD_SECONDS} s)")
    assert rows[0].ratio < 0.2
    assert rows[1].ratio < 2.5
    assert rows[2].ratio < 0.5
    assert rows[3].ratio < 0.1
    assert rows[4].ratio < 0.3


def test_comparison_grows_with_the_series(series):
    """Comparing and calibrating, once and with twice the series."""

    def work(chosen: dict) -> float:
        monthly = pl.concat(
            pl.DataFrame({"series_id": name, "period_start": m.astype("datetime64[D]"), "y": v})
            for name, (m, v) in chosen.items()
        )
        episodes = pl.DataFrame(
            {"series_id": list(chosen), "first_month": date(2007, 12, 1), "last_month": date(2009, 6, 1)}
        )
        events = np.arange(np.datetime64("2017-06"), np.datetime64("2026-01"), 2)
        forecasts = drift_month.forecast(chosen)
        return seconds_of(
            lambda: counterfactual.calibrations(
                counterfactual.compare(forecasts, monthly, episodes, list(events))
            )
        )

    once = work(series)
    twice = work({f"{name}{copy}": value for name, value in series.items() for copy in "ab"})
    show("Comparison", [Measured("twice the series", "once", twice, once, twice / once)], 2.5)
    assert twice / once < 3  # linear is 2; wall time on a busy machine wavers
