"""Regressions over time: against statsmodels one window at a time, when series or events double, and when nothing changed.

Belongs here: ratios of the transforms and of what is kept between builds. Does not belong here: their numbers (tests/unit).
"""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest

from orchestration.build.statistics_cache import fingerprint, remembered
from tests.bench.timing import Measured, compare, seconds_of, show
from tests.support.late import Late
from transforms.statistics import changepoint, interrupted_design, synthetic
from transforms.statistics import interrupted as its
from transforms.statistics.autoregression import FITS
from transforms.statistics.months import day

sm = Late("statsmodels.api")

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

MONTHS, FIRST = 300, 12 * 1995
EPISODES = pl.DataFrame(schema={"series_id": pl.String, "first_month": pl.Date, "last_month": pl.Date})

#: of the time statsmodels takes for the same windows, measured .07
AGAINST_STATSMODELS = 0.25
#: twice the series or events, twice the time and some
GROWTH = 2.5
#: of a first run, nothing having changed: reading and hashing only
UNCHANGED = 0.2


def walks(n: int) -> pl.DataFrame:
    """`n` series that wander, 25 years of months each."""
    rng = np.random.default_rng(1)
    values = np.exp(
        rng.normal(0, 0.02, (MONTHS, n)).cumsum(axis=0) * 0.3 + rng.normal(0, 0.01, (MONTHS, n)) + 5
    )
    months = [day(FIRST + i) for i in range(MONTHS)]
    return pl.concat(
        pl.DataFrame({"series_id": f"s{j:04}", "period_start": months, "value": values[:, j], "scale": "log"})
        for j in range(n)
    )


def cuts(n: int) -> pl.DataFrame:
    """`n` designs, a month apart, each with three starts of other clusters."""
    return pl.DataFrame(
        [
            (
                f"d{i:03}",
                day(FIRST + 100 + i),
                1,
                [day(FIRST + 110 + i), day(FIRST + 125 + i), day(FIRST + 90 + i)],
            )
            for i in range(n)
        ],
        schema=its.DESIGN_SCHEMA,
        orient="row",
    )


def _acts(monthly: pl.DataFrame, dates: list[date]) -> pl.DataFrame:
    """Acts that reach every series, at the dates."""
    return monthly.select("series_id").unique().join(pl.DataFrame({"cut_month": dates}), how="cross")


def test_against_statsmodels():
    """Fifty windows, orders 0 to 3 each, as the transform does and as a loop over statsmodels does."""
    series, designs = walks(50), cuts(1)
    window = range(FIRST + 100 - 61, FIRST + 160)
    t = np.array(window) - (FIRST + 100)
    made = interrupted_design.regressors(
        window[0], window[-1], FIRST + 100, 1, [], [FIRST + 110, FIRST + 125, FIRST + 90]
    )
    assert not isinstance(made, str)
    x, _ = made
    y = [
        np.log(rows["value"].to_numpy())[window[0] - FIRST : window[-1] - FIRST + 1]
        for _, rows in series.group_by("series_id", maintain_order=True)
    ]

    def one_by_one() -> None:
        for values in y:
            sm.OLS(values, x).fit(
                cov_type="HAC", cov_kwds={"maxlags": math.ceil(1.3 * math.sqrt(len(t)))}, use_t=True
            )
            for p in (1, 2, 3):
                sm.GLSAR(values, x, rho=p).iterative_fit(maxiter=FITS, rtol=0)

    row = compare(
        "50 series at one cut",
        lambda: its.interrupted_time_series(series, EPISODES, designs),
        "statsmodels, one after the other",
        one_by_one,
        runs=3,
    )
    show("Interrupted time series", [row], AGAINST_STATSMODELS)
    assert row.ratio < AGAINST_STATSMODELS


def test_growth():
    """Twice the series and twice the events, each against the half."""
    small, large = walks(60), walks(120)
    few, many = cuts(12), cuts(24)
    dates = few["cut_month"].to_list()
    rows = [
        compare(
            "interrupted: 120 series",
            lambda: its.interrupted_time_series(large, EPISODES, few),
            "60 series",
            lambda: its.interrupted_time_series(small, EPISODES, few),
            runs=3,
        ),
        compare(
            "interrupted: 24 events",
            lambda: its.interrupted_time_series(small, EPISODES, many),
            "12 events",
            lambda: its.interrupted_time_series(small, EPISODES, few),
            runs=3,
        ),
        compare(
            "change points: 120 series",
            lambda: changepoint.change_points(large, EPISODES, dates, _acts(large, dates)),
            "60 series",
            lambda: changepoint.change_points(small, EPISODES, dates, _acts(small, dates)),
            runs=3,
        ),
        compare(
            "synthetic control: 24 events",
            lambda: controls(small, many),
            "12 events",
            lambda: controls(small, few),
            runs=3,
        ),
    ]
    show("Growth", rows, GROWTH)
    assert all(row.ratio < GROWTH for row in rows)


def controls(series: pl.DataFrame, designs: pl.DataFrame) -> pl.DataFrame:
    """Four treated series, twenty donors."""
    units = sorted(series["series_id"].unique())[:24]
    pool = series.filter(pl.col("series_id").is_in(units)).select(
        pl.lit("p").alias("donor_pool_id"), pl.col("series_id").alias("unit_id"), "period_start", "value"
    )
    donors = pl.DataFrame(
        {"donor_pool_id": "p", "unit_id": units[4:], "exposed_from": None},
        schema={"donor_pool_id": pl.String, "unit_id": pl.String, "exposed_from": pl.Date},
    )
    treated = pl.DataFrame({"donor_pool_id": "p", "series_id": units[:4]})
    return synthetic.synthetic_controls(pool, donors, treated, designs.select("cut_month", "dropped_months"))


def test_nothing_changed(tmp_path):
    """What the model does when every series is as it was: no regression at all."""
    series, designs = walks(60), cuts(48)

    def build() -> None:
        parts = series.partition_by("series_id", as_dict=True, maintain_order=True)
        units = {fingerprint("1", values, designs): key[0] for key, values in parts.items()}

        def fit(ids):
            found = its.interrupted_time_series(
                series.filter(pl.col("series_id").is_in(ids)), EPISODES, designs
            ).partition_by("series_id", as_dict=True)
            return [found[(i,)] for i in ids]

        remembered("bench", units, fit, where=tmp_path)

    cold = seconds_of(build)
    again = min(seconds_of(build) for _ in range(3))
    row = Measured("nothing changed", "first run", again, cold, again / cold)
    show("Kept between builds", [row], UNCHANGED)
    assert row.ratio < UNCHANGED
