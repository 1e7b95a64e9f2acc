"""Change points: F against statsmodels, breaks that were put in, ranks counted by hand, and what must be withheld."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.late import Late
from transforms.statistics import changepoint as cp
from transforms.statistics.months import day, number

sm = Late("statsmodels.api")

START, CUT = date(1990, 1, 1), date(2018, 1, 1)
NO_EPISODES = pl.DataFrame(schema={"series_id": pl.String, "first_month": pl.Date, "last_month": pl.Date})


def noise(months, seed=1, rho=0.5, scale=0.01):
    rng = np.random.default_rng(seed)
    u = np.zeros(months)
    for i, e in enumerate(rng.normal(0, scale, months)):
        u[i] = rho * (u[i - 1] if i else 0) + e
    return u


def by_hand(y):
    """Largest F and its place, one regression after the other, from the definition."""
    t = np.arange(72.0)
    x = np.column_stack([*((t % 12 == m).astype(float) for m in range(12)), t])
    u = sm.OLS(y, x).fit().resid
    u = u - u.mean()
    rho = (u[1:] * u[:-1]).sum() / 71 / ((u**2).sum() / 72)
    rho = min(max(rho, -cp.MAX_RHO), cp.MAX_RHO)
    found = []
    for c in range(-24, 25):
        z = np.column_stack([x, (t >= 36 + c).astype(float)])
        fit = sm.OLS(y[1:] - rho * y[:-1], z[1:] - rho * z[:-1]).fit()
        found.append((fit.tvalues[-1] ** 2, c, fit.params[-1]))
    return max(found)


@given(st.integers(0, 2**32 - 1), st.floats(-0.5, 0.99))
@examples(15)
def test_f_equals_statsmodels(seed, rho):
    y = np.column_stack([noise(72, seed + j, rho, 1.0) for j in range(2)])
    found = cp.best_breaks(y)
    for j in range(2):
        f, place, size = by_hand(y[:, j])
        assert found.sup_f[j] == pytest.approx(f, rel=1e-7)
        assert found.months_from_cut[j] == place
        assert found.size[j] == pytest.approx(size, rel=1e-6)


def run(values, *, cut=CUT, scale="log", episodes=NO_EPISODES, events=(), start=START) -> dict:
    frame = pl.DataFrame(
        {
            "series_id": "s",
            "period_start": [day(number(start) + i) for i in range(len(values))],
            "value": np.asarray(values, dtype=float),
            "scale": scale,
        }
    )
    acts = pl.DataFrame({"series_id": "s", "cut_month": [cut, *events]})
    # an act of another series keeps nothing clear
    acts = pl.concat(
        [acts, pl.DataFrame({"series_id": ["other"] * 2, "cut_month": [date(2000, 1, 1), date(2004, 1, 1)]})]
    )
    found = cp.change_points(frame, episodes, [cut], acts)
    assert found.schema == cp.RESULT_SCHEMA
    return found.row(0, named=True)


MONTHS = 12 * 32 + 12
AT = number(CUT) - number(START)


@pytest.mark.parametrize("place", [-24, -7, 0, 13, 24])
def test_a_break_that_was_put_in_is_found_where_it_is(place):
    t = np.arange(MONTHS)
    y = 0.002 * t + 0.05 * np.cos(2 * np.pi * t / 12) + noise(MONTHS) + 0.15 * (t >= AT + place)
    row = run(np.exp(y))
    assert row["months_from_cut"] == place
    assert row["best_break_month"] == day(number(CUT) + place)
    assert row["break_size"] == pytest.approx(0.15, abs=0.04)
    assert row["placebo_rank"] == row["rank_floor"] == pytest.approx(1 / (1 + row["n_placebo"]))


@pytest.mark.slow
def test_the_rank_counts_clean_windows():
    y = noise(240)
    row = run(np.exp(y), start=date(2010, 1, 1))
    # whole windows of 72 months that share none of the 49 months searched
    clean = [c for c in range(36, len(y) - 35) if abs(c - 96) > 48]
    assert row["n_placebo"] == len(clean) > 36
    larger = sum(by_hand(y[c - 36 : c + 36])[0] >= row["sup_f"] for c in clean)
    assert row["placebo_rank"] == pytest.approx((1 + larger) / (1 + len(clean)))


def test_an_episode_in_the_months_searched_leaves_no_rank():
    touched = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2020, 1, 1)], "last_month": [date(9999, 12, 1)]}
    )
    row = run(np.exp(noise(MONTHS)), episodes=touched, cut=date(2018, 1, 1))
    assert row["reason"] == cp.REASON_EPISODE
    assert row["placebo_rank"] is None
    assert row["sup_f"] > 0
    later = touched.with_columns(first_month=pl.date(2020, 2, 1))
    assert run(np.exp(noise(MONTHS)), episodes=later)["reason"] is None


GOOD = np.exp(noise(MONTHS))
HOLE = np.where(np.arange(MONTHS) == AT, np.nan, GOOD)


@pytest.mark.parametrize(
    ("values", "kwargs", "reason"),
    [
        (GOOD[: AT + 35], {}, cp.REASON_LIFE),
        (GOOD, {"cut": date(1992, 12, 1)}, cp.REASON_LIFE),
        (GOOD, {"cut": date(2030, 1, 1)}, cp.REASON_LIFE),
        (HOLE, {}, cp.REASON_MISSING),
        (np.where(np.arange(MONTHS) == AT, -1.0, GOOD), {}, cp.REASON_NOT_POSITIVE),
        (np.where(np.arange(MONTHS) == AT, -1.0, GOOD), {"scale": "level"}, None),
        (np.full(MONTHS, 2.0), {}, cp.REASON_CONSTANT),
        (GOOD[AT - 40 : AT + 40], {"start": day(number(CUT) - 40)}, cp.REASON_FEW),
        (np.full(MONTHS, np.nan), {}, cp.REASON_LIFE),
    ],
)
def test_what_cannot_be_searched_is_withheld_with_its_reason(values, kwargs, reason):
    row = run(values, **kwargs)
    assert row["reason"] == reason
    assert (row["placebo_rank"] is None) == (reason is not None)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([0.0, 1.0, 1.0, -2.0, math.nan, math.inf, 1e-300, 1e300]), st.floats(0.5, 2)
        ),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from(["log", "level"]),
)
@examples(40)
def test_no_series_crashes_it(pattern, scale):
    row = run(np.resize(np.array(pattern), MONTHS), scale=scale)
    if row["placebo_rank"] is None:
        assert row["reason"] is not None
    else:
        assert math.isfinite(row["sup_f"])
        assert abs(row["months_from_cut"]) <= 24
