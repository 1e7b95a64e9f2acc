"""The macro `placebo` and its ranks on made-up series: the same as plain Python, and able to find what it says it can find."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.oracles import plain_comparison as plain
from tests.oracles import plain_placebo
from tests.support import macro_case as case
from tests.support.macro_case import rows
from tests.support.placebo_case import RANKS, close


@pytest.fixture(scope="module")
def macros(warehouse: Path) -> list[str]:
    return case.built_macros(warehouse)


#: the made-up series that a test fills in one go, so that one statement can ask for all of them
MADE_UP = [f"s{n}" for n in range(180)]


@pytest.fixture
def made_up(macros) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        case.create(connection, macros)
        case.add_events(
            connection,
            [
                ("duty", "tariff_effective", "2008-01-29", "2008-01-29", "day", "high", True, None),
                # neither an act that reaches another series nor a talk makes a date eventful
                ("elsewhere", "tariff_effective", "2003-01-29", "2003-01-29", "day", "high", True, None),
                ("round", "round_end", "2005-01-29", None, "day", "high", True, None),
                ("rumour", "statement", "2001-01-29", None, "day", "low", True, None),
            ],
        )
        connection.execute("""
            INSERT INTO dim_episode VALUES ('slump', '1998-02-15', '1998-07-02', 'all');
            INSERT INTO rpt_method_calibration (method, series_id, window_months, gap_months, n_blocks, false_alarm_rate, rank_threshold)
                VALUES ('placebo_rank_calibrated', 's', 12, 0, 8, 0.04, 0.03),
                ('placebo_rank_calibrated', 'other', 24, 0, 8, 0.01, 0.005), ('welch', 's', 12, 0, 8, 0.7, NULL);
            INSERT INTO rpt_event_exposure VALUES ('elsewhere', 't', 'one');
        """)
        for reach in ("('duty', ?, 'one')", "('duty', ?, 'two')", "('round', ?, 'one')"):
            connection.executemany(
                f"INSERT INTO rpt_event_exposure VALUES {reach}", [[series_id] for series_id in MADE_UP]
            )
        yield connection


FIRST = plain.number(dt.date(1990, 1, 1))


def only_series(con: duckdb.DuckDBPyConnection, values_of_series: dict[str, dict[int, float]]) -> None:
    """These series, by id and month number, and no other."""
    con.execute("DELETE FROM fct_observation_vintage; DELETE FROM dim_series")
    for series_id, values in values_of_series.items():
        case.add_values(con, series_id, {plain.month(m): v for m, v in values.items()})


def question(draw: random.Random) -> dict:
    """A comparison of a made-up series, as the reports have none."""
    return {
        "length": draw.choice([50, 150, 260, 300]),
        "kind": draw.choice(["positive", "positive", "some negative", "constant", "ties"]),
        "hole": draw.choice([None, draw.randint(1, 240)]),
        "cut": draw.randint(20, 290),
        "months": draw.choice([5, 6, 12, 18, 24, 36]),
        "gap": draw.choice([0, 0, 3]),
        "after": draw.choice([None, None, draw.randint(1, 24)]),
        "seed": draw.randint(0, 2**32),
    }


def made_up_values(length: int, kind: str, hole: int | None, seed: int) -> dict[int, float]:
    draw = random.Random(seed)
    level = {
        "positive": lambda i: 100 * math.exp(draw.gauss(0, 0.1)),
        "some negative": lambda i: draw.gauss(20, 9),
        "constant": lambda i: 100.0,
        "ties": lambda i: float(draw.randint(90, 92)),
    }[kind]
    return {FIRST + i: level(i) for i in range(length) if i != hole or i in (0, length - 1)}


@pytest.mark.parametrize("seed", range(3))
def test_macro_ranks_as_plain_python(made_up, seed):
    """Widths and dates the reports do not have: other scale, holes, ties, windows cut short by the end of the series.

    Twenty series at a time, because a statement is planned for longer than it runs."""
    draw = random.Random(seed)
    questions = [question(draw) for _ in range(20)]
    values = {
        series_id: made_up_values(q["length"], q["kind"], q["hole"], q["seed"])
        for series_id, q in zip(MADE_UP, questions, strict=False)
    }
    only_series(made_up, values)
    asked = [
        {"series": s, "day": plain.month(FIRST + q["cut"]), **{k: q[k] for k in ("months", "gap", "after")}}
        for s, q in zip(values, questions, strict=True)
    ]
    arguments = (
        "(asked.series, asked.day, months := asked.months, gap := asked.gap, post_months := asked.after)"
    )
    compared = case.called_for_each(made_up, f"before_after{arguments}", asked)
    listed = case.called_for_each(made_up, f"placebo{arguments}", asked)
    # one of them as a user asks, with values in place of columns
    alone = "(?, ?, months := ?, gap := ?, post_months := ?)"
    assert rows(made_up, f"FROM before_after{alone}", list(asked[0].values())) == compared[0]
    by_date = sorted(listed[0], key=lambda row: (row["is_event"], row["cut_month"]))
    dated = f"FROM placebo{alone} ORDER BY is_event, cut_month"
    assert rows(made_up, dated, list(asked[0].values())) == by_date
    for q, series, (got,), dates in zip(questions, values.values(), compared, listed, strict=True):
        ranked_as_plain_python(q, series, got, dates)


def ranked_as_plain_python(question: dict, values: dict[int, float], got: dict, listed: list[dict]) -> None:
    kind, months, gap, after = (question[name] for name in ("kind", "months", "gap", "after"))
    at = FIRST + question["cut"]
    if got["d_level"] is None:
        assert got["placebo_rank"] is None and not listed and got["reason"]
        return
    before, later = plain.windows(0, months, gap, after)
    life = range(min(values) - at, max(values) - at + 1)
    lag = later.start - before.start
    if months % 12:
        later = range(max(later.start, life.start + lag), min(later.stop, life.stop))
        before = range(later.start - lag, later.stop - lag)
    before = range(max(before.start, life.start), min(before.stop, life.stop))
    later = range(max(later.start, life.start), min(later.stop, life.stop))
    found = plain_placebo.differences(values, before, later, asked=plain.windows(0, months, gap, after))
    touched = set(range(plain.number(dt.date(1998, 2, 1)), plain.number(dt.date(1998, 7, 1)) + 1))
    pool = plain_placebo.pool(
        found,
        at,
        got["scale"],
        before,
        later,
        width=months,
        events={plain.number(dt.date(2008, 2, 1))},
        episodes=touched,
    )
    statistic = got["d_log"] if got["scale"] == "log" else got["d_level"]
    wanted = plain_placebo.standing(statistic, pool.values())
    if any(at + m in touched for m in (*before, *later)):
        wanted |= {"placebo_rank": None, "z_mad": None}
    # a constant series has differences of rounding only
    names = RANKS if kind != "constant" else ("n_placebo", "n_blocks", "rank_floor")
    assert not {k: (got[k], wanted[k]) for k in names if not close(got[k], wanted[k])}
    assert {
        plain.number(r["cut_month"]): r["difference"] for r in listed if not r["is_event"]
    } == pytest.approx(pool)
    assert [r["cut_month"] for r in listed if r["is_event"]] == [plain.month(at)]
    nearest = 0.005 if months >= 18 else 0.03
    assert got["rank_threshold"] == (0.03 if months == 18 else nearest)


def test_effects_of_the_detectable_size_are_found(made_up):
    """mde95 is a promise: an effect twice that size is outside nearly always, one of a quarter hardly ever more than none.

    60 series of white noise around a level, 300 months, an effect added after a date without an event."""
    at = FIRST + 120
    noises = []
    for n in range(60):
        draw = random.Random(n)
        noises.append([draw.gauss(0, 0.05) for _ in range(300)])

    def verdicts(effects: list[tuple[list[float], float]]) -> list[dict]:
        series = {
            series_id: {
                FIRST + i: 100 * math.exp(v + effect * (at <= FIRST + i < at + 12))
                for i, v in enumerate(noise)
            }
            for series_id, (noise, effect) in zip(MADE_UP, effects, strict=False)
        }
        only_series(made_up, series)
        asked = [{"series": series_id, "day": plain.month(at)} for series_id in series]
        answers = case.called_for_each(
            made_up,
            "before_after(asked.series, asked.day)",
            asked,
            "answer.verdict, answer.reason, answer.mde95",
        )
        return [row for (row,) in answers]

    quiet = verdicts([(noise, 0.0) for noise in noises])
    found = {0.0: sum(row["verdict"] == "outside_usual_range" for row in quiet)}
    sizes = (0.25, 1.0, 2.0)
    planted = verdicts(
        [(noise, size * row["mde95"]) for size in sizes for noise, row in zip(noises, quiet, strict=True)]
    )
    for place, size in enumerate(sizes):
        of_size = planted[place * len(noises) : (place + 1) * len(noises)]
        for row in of_size:
            assert row["verdict"] in ("outside_usual_range", "within_usual_range"), row["reason"]
        found[size] = sum(row["verdict"] == "outside_usual_range" for row in of_size)
    # a threshold of .03 lies a little beyond mde95, which an effect of that size passes about every second time
    assert found[0.0] <= 6 and found[0.25] <= 12
    assert 15 <= found[1.0] <= 45
    assert found[2.0] >= 54
