"""Ranks among dates without an event: a rank among the wrong dates looks like any other rank."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.statistics import standing
from transforms.statistics.standing import ADDED, DISTANCE, MIN_PLACEBO, standings

FIRST = 2002 * 12 + 10  # 2002-11


def day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def cut(
    month: int, statistic: float, *, key: str = "a", placebo=True, event=False, wanted=False, judged=False
) -> dict:
    return {
        "key": key,
        "cut_month": day(month),
        "statistic": statistic,
        "is_placebo": placebo,
        "is_event": event,
        "is_wanted": wanted,
        "is_judged": judged,
    }


def series(key: str, *, since: int = 0) -> list[dict]:
    """161 placebo cuts with statistics 1/64 to 161/64: monthly from 2002-11 to 2016-02, and one in 2020-02."""
    months = [*range(FIRST, FIRST + 160), FIRST + 160 + 47]
    return [
        cut(month, number / 64, key=key) for number, month in enumerate(months, start=1) if number > since
    ]


EVENT = FIRST + 160 + 23  # 2018-02: 24 months after the last of the run and 24 before the single one


def test_a_rank_is_among_the_dates_far_enough_and_no_others() -> None:
    """Median 81/64; distances 0 and twice each of 1/64 to 80/64, so that the 95th percentile (the 153rd of 161) is 76/64 and
    the median distance 40/64. What is enormous is too near on either side, or no placebo."""
    rows = [
        *series("far"),
        cut(FIRST + 160, 99, key="far"),
        cut(EVENT + DISTANCE - 1, 99, key="far"),
        cut(FIRST - 20, 99, key="far", placebo=False),
        cut(EVENT, 163 / 64, key="far", placebo=False, event=True, wanted=True),
        # the event itself is no placebo of its own
        *series("middle"),
        cut(EVENT, 82 / 64, key="middle", event=True, wanted=True),
        # 35 dates give no rank
        *series("few", since=126),
        cut(EVENT, 82 / 64, key="few", placebo=False, event=True, wanted=True),
    ]
    found = {row["key"]: row for row in standings(pl.DataFrame(rows), ["key"]).to_dicts()}
    expected = {
        "far": (161, 81 / 64, 82 / 64, 1 / 162, 76 / 64, 82 / 40 / 1.4826, 1.4826 * 40 / 64),
        "middle": (161, 81 / 64, 1 / 64, 161 / 162, 76 / 64, 1 / 40 / 1.4826, 1.4826 * 40 / 64),
        "few": (35, None, None, None, None, None, None),
    }
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert [found[key][name] for name in ADDED] == pytest.approx(row, abs=1e-12, nan_ok=False), key


@pytest.mark.slow
@examples(60)
@given(st.integers(0, 10**6), st.integers(30, 330), st.floats(0.2, 1.0))
def test_it_agrees_with_counting_one_cut_at_a_time(seed: int, months: int, share: float) -> None:
    """Stepping over the neighbours in the order of values is easy to get wrong by one. Two groups of months with holes; few
    distinct statistics, so that many are equal."""
    random = np.random.default_rng(seed)
    rows = [
        cut(
            24000 + int(month),
            float(random.choice([-1.5, 0.0, 0.1, 0.3, 0.7, 1e9 + 0.1])),
            key=key,
            placebo=bool(random.random() < 0.9),
            wanted=bool(wanted),
            event=bool(wanted and random.random() < 0.5),
            judged=bool(random.random() < 0.5),
        )
        for key in ("a", "b")
        for month in random.choice(350, months, replace=False)
        for wanted in [random.random() < share]
    ]
    cuts = pl.DataFrame(rows)
    found = standings(cuts, ["key"]).to_dicts()
    wanted = cuts.filter("is_wanted").sort("key", "cut_month").to_dicts()
    assert [(f["key"], f["cut_month"]) for f in found] == [(w["key"], w["cut_month"]) for w in wanted]
    for row, own in zip(found, wanted, strict=True):
        *numbers, far = one_at_a_time(rows, own)
        assert row["far_distances"] == (far if far is None else pytest.approx(far, abs=1e-12))
        expected = [math.nan if value is None else value for value in numbers]
        actual = [math.nan if row[name] is None else row[name] for name in ADDED]
        assert actual == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


def one_at_a_time(cuts: list[dict], own: dict) -> list:
    """n_placebo, middle, deviation, placebo_rank, mde95, z_mad, typical and far distances of one cut, by the definitions."""

    def months_away(other: dict) -> int:
        return abs(
            (other["cut_month"].year - own["cut_month"].year) * 12
            + other["cut_month"].month
            - own["cut_month"].month
        )

    others = np.array(
        [
            other["statistic"]
            for other in cuts
            if other["key"] == own["key"] and other["is_placebo"] and months_away(other) >= DISTANCE
        ]
    )
    if len(others) < MIN_PLACEBO:
        return [len(others), *[None] * 7]
    middle = float(np.median(others))
    distances = np.abs(others - middle)
    deviation = abs(own["statistic"] - middle)
    rank = (1 + int((distances >= deviation - 1e-12).sum())) / (1 + len(others))
    is_long = len(others) >= 144
    if not own["is_event"] and not (own["is_judged"] and not is_long):
        return [len(others), middle, deviation, rank, *[None] * 4]
    typical = float(np.median(distances))
    z = (own["statistic"] - middle) / (1.4826 * typical) if typical else None
    far = sorted(distances, reverse=True)[:32] if is_long and own["is_event"] and own["is_judged"] else None
    usual = float(np.quantile(distances, 0.95))
    return [len(others), middle, deviation, rank, usual, z, 1.4826 * typical, far]


def test_blocks_are_whole() -> None:
    """143 dates are five blocks, not six: a verdict needs six."""
    frame = pl.DataFrame({"n_placebo": [0, 23, 24, 143, 144]})
    assert frame.select(standing.blocks("n_placebo"))["n_blocks"].to_list() == [0, 0, 1, 5, 6]


def test_no_cut_gives_no_row() -> None:
    """A build without monthly series must not fail here."""
    empty = pl.DataFrame([cut(24000, 1.0)]).clear()
    assert standings(empty, ["key"]).columns == [
        *("key", "cut_month", "statistic", "is_placebo"),
        *ADDED,
        "far_distances",
    ]
