"""Series with a known step for the tests of interrupted time series, and the regressors written from their definition.

Belongs here: made-up series and designs, the plain regressors. Does not belong here: assertions about a number.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from transforms.statistics import interrupted as its
from transforms.statistics.months import day, number

NO_EPISODES = pl.DataFrame(schema={"series_id": pl.String, "first_month": pl.Date, "last_month": pl.Date})
START = date(2005, 1, 1)


def frame(values, series_id="s", scale="log", start=START) -> pl.DataFrame:
    months = [day(number(start) + i) for i in range(len(values))]
    return pl.DataFrame(
        {"series_id": series_id, "period_start": months, "value": values, "scale": scale},
        schema={"series_id": pl.String, "period_start": pl.Date, "value": pl.Float64, "scale": pl.String},
        strict=False,
    )


def design(cut: date, dropped=0, joint=(), design_id="d") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "design_id": [design_id],
            "cut_month": [cut],
            "dropped_months": [dropped],
            "joint_months": [list(joint)],
        },
        schema=its.DESIGN_SCHEMA,
    )


def one(values, cut=date(2012, 1, 1), dropped=0, joint=(), episodes=NO_EPISODES, **kwargs) -> dict:
    rows = its.interrupted_time_series(frame(values, **kwargs), episodes, design(cut, dropped, joint))
    assert rows.height == 1
    assert rows.schema == its.RESULT_SCHEMA
    return rows.row(0, named=True)


def noise(months=168, rho=0.6, scale=0.03, seed=1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    u = np.zeros(months)
    for i, e in enumerate(rng.normal(0, scale, months)):
        u[i] = rho * (u[i - 1] if i else 0) + e
    return u


def plain(y, first, cut, dropped, episodes=(), joint=()):
    """The regressors written from their definition, month by month, the months left out removed."""
    rows, kept = [], []
    for i in range(len(y)):
        t = first + i
        if cut - dropped <= t < cut:
            continue
        month_effects = [float(t % 12 == m) for m in range(11)]
        rows.append(
            [
                *(float(t >= cut), (t - cut) * float(t >= cut), 1.0, float(i), *month_effects),
                *(float(a <= t <= b) for a, b in episodes),
                *(float(t >= s) for s in joint),
            ]
        )
        kept.append(y[i])
    return np.array(kept), np.array(rows)
