"""Synthetic control: weights against pysyncon and known ones, ranks counted by hand, and what must be withheld.

Prevents: weights off the simplex or not optimal, a rank that counts itself twice or not at all, a gap from months that were left
out, a donor used after a measure touched it, a crash on series that cannot be compared.
"""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.synthetic_weights import loss, reference
from tests.support.examples import examples
from transforms.statistics import synthetic as sc
from transforms.statistics.months import day, number

START, CUT = date(2010, 1, 1), date(2018, 1, 1)
MONTHS = 120


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1), st.integers(2, 15), st.integers(20, 80), st.floats(0.01, 3))
@examples(40)
def test_weights_are_on_the_simplex_and_no_worse_than_pysyncon(seed, n_donors, months, spread):
    rng = np.random.default_rng(seed)
    donors = rng.normal(0, spread, (months, n_donors)).cumsum(axis=0) / 5
    y = donors @ rng.dirichlet(np.ones(n_donors)) + rng.normal(0, 0.2 * spread, months)
    y, donors = y - y.mean(), donors - donors.mean(axis=0)
    w = sc.simplex_weights(y, donors)
    assert w.min() >= 0
    assert w.sum() == pytest.approx(1, abs=1e-12)
    theirs = np.clip(reference(y, donors), 0, None)
    theirs /= theirs.sum()
    assert loss(y, donors, w) <= loss(y, donors, theirs) * (1 + 1e-9) + 1e-12
    assert loss(y, donors, theirs) <= loss(y, donors, w) * 1.001 + 1e-6
    # first-order conditions: no donor without weight would improve it, those with weight are alike
    slope = 2 * donors.T @ (donors @ w - y)
    assert (slope >= (slope @ w) - 1e-6 * (1 + np.abs(slope).max())).all()


def test_known_weights_come_out():
    """A series made of .5, .3 and .2 of three donors among ten is recognised, whatever its level."""
    rng = np.random.default_rng(3)
    donors = rng.normal(0, 0.05, (MONTHS, 10)).cumsum(axis=0)
    truth = np.r_[0.5, 0.3, 0.2, np.zeros(7)]
    found = sc.fit(donors @ truth + 9, donors, 108)
    np.testing.assert_allclose(found.weights, truth, atol=1e-9)
    assert found.pre_rmspe < 1e-9
    stepped = donors @ truth + rng.normal(0, 0.002, MONTHS) + 0.1 * (np.arange(MONTHS) >= 108)
    assert sc.fit(stepped, donors, 108).gap[108:].mean() == pytest.approx(0.1, abs=0.02)


def pool(n_donors=12, months=MONTHS, seed=6, noise=0.01):
    """A treated series 't' within the hull of its donors, all in levels."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.05, (months, 3)).cumsum(axis=0)
    donors = common @ rng.dirichlet(np.ones(3), n_donors).T + rng.normal(0, noise, (months, n_donors))
    treated = donors[:, : max(3, n_donors // 2)].mean(axis=1) + rng.normal(0, noise / 2, months)
    return {"t": np.exp(treated + 5), **{f"d{j:02}": np.exp(donors[:, j] + j) for j in range(n_donors)}}


def run(series, *, cut=CUT, dropped=0, exposed=None, start=START) -> dict:
    frames = [
        pl.DataFrame(
            {
                "donor_pool_id": "p",
                "unit_id": name,
                "period_start": [day(number(start) + i) for i in range(len(values))],
                "value": np.asarray(values, dtype=float),
            }
        )
        for name, values in series.items()
    ]
    names = [n for n in series if n != "t"]
    donors = pl.DataFrame(
        {"donor_pool_id": "p", "unit_id": names, "exposed_from": [(exposed or {}).get(n) for n in names]},
        schema={"donor_pool_id": pl.String, "unit_id": pl.String, "exposed_from": pl.Date},
    )
    found = sc.synthetic_controls(
        pl.concat(frames),
        donors,
        pl.DataFrame({"donor_pool_id": ["p"], "series_id": ["t"]}),
        pl.DataFrame(
            {"cut_month": [cut], "dropped_months": [dropped]},
            schema={"cut_month": pl.Date, "dropped_months": pl.Int32},
        ),
    )
    assert found.schema == sc.RESULT_SCHEMA
    assert found.height == 1
    return found.row(0, named=True)


def test_rank_gap_and_gates_of_a_followed_series():
    """Without a step it ranks among its donors; a step of a tenth puts it first, at the floor of 1/13."""
    series = pool()
    calm = run(series)
    assert calm["gate_passed"] is True
    assert calm["reason"] is None
    assert (calm["n_pre"], calm["n_donors"]) == (96, 12)
    assert calm["rank_floor"] == pytest.approx(1 / 13)
    assert calm["rank"] > 1 / 13
    assert sum(calm["weights"]) == pytest.approx(1)
    assert calm["weights"] == sorted(calm["weights"], reverse=True)
    stepped = run(series | {"t": series["t"] * np.where(np.arange(MONTHS) >= 96, math.exp(0.1), 1.0)})
    assert stepped["rank"] == pytest.approx(1 / 13)
    assert stepped["mean_gap"] == pytest.approx(calm["mean_gap"] + 0.1)
    assert stepped["weights"] == pytest.approx(calm["weights"])


@pytest.mark.slow
def test_the_rank_is_that_of_the_donors_treated_one_by_one():
    """Counted again with pysyncon's weights: each donor against the others."""
    series = pool(7)
    y = np.column_stack([np.log(v)[:108] for v in series.values()])
    y -= y[:96].mean(axis=0)

    def ratio(j, others):
        gap = y[:, j] - y[:, others] @ reference(y[:96, j], y[:96, others])
        return math.sqrt((gap[96:] ** 2).mean()) / math.sqrt((gap[:96] ** 2).mean())

    own = ratio(0, list(range(1, 8)))
    placebo = [ratio(j, [i for i in range(1, 8) if i != j]) for j in range(1, 8)]
    row = run(series)
    assert row["rmspe_ratio"] == pytest.approx(own, rel=1e-3)
    assert row["rank"] == pytest.approx((1 + sum(p >= own for p in placebo)) / 8)


def test_months_left_out_do_not_count():
    series = pool()
    wild = dict(series)
    wild["t"] = np.where(np.isin(np.arange(MONTHS), (94, 95)), np.nan, series["t"])
    expected, found = run(series, dropped=2), run(wild, dropped=2)
    assert expected["n_pre"] == found["n_pre"] == 94
    assert found["rmspe_ratio"] == pytest.approx(expected["rmspe_ratio"])


def test_an_exposed_donor_is_left_out_from_its_month_on():
    """The twelfth month after the cut is still part of the comparison."""
    series = pool()
    inside = run(series, exposed={"d03": date(2018, 12, 1)})
    after = run(series, exposed={"d03": date(2019, 1, 1)})
    assert (inside["n_donors"], after["n_donors"]) == (11, 12)
    assert "d03" not in inside["donors"]


def test_gates_name_the_first_that_fails():
    rng = np.random.default_rng(1)
    series = pool()
    own_way = run(series | {"t": np.exp(rng.normal(0, 0.2, MONTHS).cumsum())})
    assert (own_way["gate_passed"], own_way["reason"]) == (False, sc.REASON_MISFIT)
    copy = run(series | {"t": series["d00"] * np.exp(rng.normal(0, 1e-4, MONTHS))})
    assert (copy["gate_passed"], copy["reason"]) == (False, sc.REASON_ONE)
    earlier = run(series | {"t": series["t"] * np.where(np.arange(MONTHS) >= 72, 1.03, 1.0)})
    assert (earlier["gate_passed"], earlier["reason"]) == (False, sc.REASON_EARLIER)


def test_few_donors_give_a_gap_and_no_rank():
    row = run(pool(4))
    assert row["rank"] is None
    assert row["reason"] == sc.REASON_FEW
    assert math.isfinite(row["mean_gap"])
    assert row["rank_floor"] == pytest.approx(1 / 5)


MISSING = {"t": np.where(np.arange(MONTHS) == 50, np.nan, pool()["t"])}
ZERO = {"t": np.where(np.arange(MONTHS) == 50, 0.0, pool()["t"])}


@pytest.mark.parametrize(
    ("changed", "kwargs", "reason"),
    [
        ({}, {"cut": date(2014, 1, 1)}, sc.REASON_BEFORE),
        ({}, {"cut": date(2019, 6, 1)}, sc.REASON_AFTER),
        ({}, {"cut": date(2040, 1, 1)}, sc.REASON_AFTER),
        (MISSING, {}, sc.REASON_MISSING),
        (ZERO, {}, sc.REASON_NOT_POSITIVE),
        ({"t": np.full(MONTHS, 3.0)}, {}, sc.REASON_CONSTANT),
        ({"t": np.full(MONTHS, np.nan)}, {}, sc.REASON_MISSING),
        ({}, {"exposed": {f"d{j:02}": date(2018, 1, 1) for j in range(11)}}, sc.REASON_NO_DONORS),
    ],
)
def test_what_cannot_be_compared_is_withheld_with_its_reason(changed, kwargs, reason):
    row = run(pool() | changed, **kwargs)
    assert row["reason"] == reason
    assert row["rank"] is None
    assert row["mean_gap"] is None


@given(
    st.lists(
        st.lists(
            st.one_of(
                st.sampled_from([0.0, 1.0, 1.0, -2.0, math.nan, math.inf, 1e-300, 1e300]), st.floats(0.5, 2)
            ),
            min_size=1,
            max_size=9,
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(60, 130),
)
@examples(60)
def test_no_pool_crashes_it(patterns, months):
    """Equal donors, constants, holes, infinities: a finite gap on the simplex, or a reason."""
    names = ["t", *(f"d{j:02}" for j in range(len(patterns) - 1))]
    row = run({n: np.resize(np.array(p), months) for n, p in zip(names, patterns, strict=True)})
    if row["mean_gap"] is None:
        assert row["reason"] is not None
    else:
        assert math.isfinite(row["mean_gap"])
        assert sum(row["weights"]) == pytest.approx(1, abs=1e-6)
        assert row["rank"] is None or row["rank_floor"] <= row["rank"] <= 1
