"""Rounding is no revision (macros/rounding.sql), against plain Python and in whatever order the copies are loaded.

The statements that dbt would run are run here on tables of their own; the worked cases are a dbt unit test of
int_published_vintage.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import random

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.store.loading import load
from orchestration.store.tables import DDL
from tests.oracles.plain_rounding import Vintage, without_rounding
from tests.support.examples import examples
from tests.support.macro_text import rendered
from tests.support.parsed import payload_of, series_of
from transforms.schema import OBSERVATION, Parsed


@functools.cache  # when a test first asks: worked out on import, each worker would compile all macros twice to collect the tests
def statements() -> tuple[str, str]:
    """What makes stated vintages of what is known, and what takes rounding out of them."""
    collapsed = "collapse_vintages('known', keys=['series_id', 'period_start'], values=['value', 'status'])"
    return rendered(collapsed), rendered("without_rounding('stated')")


#: what copies of one series say: a copy is a list of its figures
History = list[list[Vintage]]


def merged(con: duckdb.DuckDBPyConnection, relation: str = "raw.observation") -> dict[str, list[tuple]]:
    """Of each series (period, known_from, known_to, value, status, revision_number, adds_digits) of what `relation` holds, in
    order."""
    collapsed, without_rounded = statements()
    con.execute(f"CREATE OR REPLACE TEMP VIEW known AS FROM {relation}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE stated AS {collapsed}")
    rows: dict[str, list[tuple]] = {}
    for series_id, *row in con.execute(
        f"""SELECT series_id, period_start, known_from, known_to, value, status, revision_number, adds_digits
            FROM ({without_rounded}) ORDER BY series_id, period_start, known_from"""
    ).fetchall():
        rows.setdefault(series_id, []).append(tuple(row))
    return rows


def expected(copies: list[list[Vintage]]) -> list[tuple]:
    """The same of plain Python, numbered and closed as the public table is."""
    plain = without_rounding(row for copy in copies for row in copy)
    rows = []
    for n, row in enumerate(plain):
        same = n > 0 and plain[n - 1].period == row.period
        number = rows[-1][5] + (not row.adds_digits) if same else 0
        following = plain[n + 1] if n + 1 < len(plain) and plain[n + 1].period == row.period else None
        until = dt.datetime.combine(following.known_from, dt.time()) if following else None
        known = dt.datetime.combine(row.known_from, dt.time())
        rows.append((row.period, known, until, row.value, row.status, number, row.adds_digits))
    return rows


def month(n: int) -> dt.date:
    return dt.date(2019 + n // 12, n % 12 + 1, 1)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Copies of one series, each with its own number of decimals, of figures that are now and then revised."""
    periods = draw(st.integers(1, 14))
    truth = [draw(st.integers(-(10**9), 10**9)) / 10**6 for _ in range(periods)]
    copies = []
    for day in range(draw(st.integers(1, 6))):
        digits = draw(st.sampled_from([0, 1, 2, 5, 6]))
        for period in draw(st.sets(st.integers(0, periods - 1), max_size=3)):
            truth[period] += draw(st.sampled_from([0.000001, 0.01, 0.4, 0.5, 1.0, 7.25]))
        shown = draw(st.sets(st.integers(0, periods - 1), min_size=1))
        status = draw(st.sampled_from(["normal", "normal", "preliminary"]))
        known = dt.date(2021, 1, 1) + dt.timedelta(days=day)
        copies.append(
            [Vintage(month(n), known, round(truth[n], digits) + 0.0, status) for n in sorted(shown)]
        )
    return copies


def parsed(copies: dict[str, list[Vintage]]) -> Parsed:
    """One payload: a copy of some series."""
    rows = [
        {
            "series_id": series_id,
            "period_start": row.period,
            "value": row.value,
            "status": row.status,
            "known_from": dt.datetime.combine(row.known_from, dt.time()),
            "known_from_basis": "observed_by",
        }
        for series_id, copy in copies.items()
        for row in copy
    ]
    frame = pl.DataFrame(rows, schema=OBSERVATION.polars_schema)
    return Parsed(OBSERVATION, frame, series=series_of(*copies), complete=False)


def loaded(worlds: list[History], order: list[int]) -> list[list[tuple]]:
    """What is held of each series once the copies of that number were loaded of all series, in this order. Many series at a time: a
    load takes its time for its statements and hardly any for its rows, and series have no part in each other."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(DDL)
        for n in order:
            copies = {f"s{s}": copies[n] for s, copies in enumerate(worlds) if n < len(copies)}
            load(con, payload_of(f"copy-{n}"), parsed(copies))
        held = merged(con)
        return [held[f"s{s}"] for s in range(len(worlds))]


def longest(worlds: list[History]) -> int:
    return max(len(copies) for copies in worlds)


WORLDS = st.lists(histories(), min_size=8, max_size=8)


@pytest.mark.slow
@examples(6, shrink=False)
@given(WORLDS, st.randoms(use_true_random=False))
def test_what_is_held_does_not_depend_on_the_order_of_loading(worlds: list[History], rng: random.Random):
    """A copy that is imported late, or twice, must not turn rounding into revisions, nor revisions into rounding."""
    order = list(range(longest(worlds)))
    rng.shuffle(order)
    wanted = [expected(copies) for copies in worlds]
    assert loaded(worlds, list(range(longest(worlds)))) == wanted
    assert loaded(worlds, [*order, *order]) == wanted


@pytest.mark.slow
@examples(5, shrink=False)
@given(WORLDS)
def test_no_digit_is_shown_before_it_was_known_and_none_is_lost(worlds: list[History]):
    """As of a day, the figure is one that a copy of that day or before gave; the latest is never a coarser one than was given since
    the last revision."""
    for copies, rows in zip(worlds, loaded(worlds, list(range(longest(worlds)))), strict=True):
        for period, known, _, value, _, number, _ in rows:
            given_by_then = {
                r.value
                for copy in copies
                for r in copy
                if r.period == period and r.known_from <= known.date()
            }
            assert value in given_by_then, (period, known, value, number)
        for before, after in itertools.pairwise(rows):
            if after[0] == before[0]:
                # one figure is written with more digits, or it is another: never the same one with fewer
                assert after[6] == (after[5] == before[5])
                assert before[2] == after[1]


@pytest.mark.parametrize(
    ("earlier", "later", "revisions"),
    [
        pytest.param(27557.995759, 27558.0, 0, id="fewer digits"),
        pytest.param(27558.0, 27557.995759, 0, id="more digits"),
        pytest.param(0.5, 0.0, 1, id="one digit alone may be chance"),
        pytest.param(2.345, 2.35, 1, id="one digit fewer, of a single figure"),
        pytest.param(27557.395759, 27558.0, 1, id="another number"),
        pytest.param(25444.70931, 25444.0, 1, id="cut off, not rounded"),
        pytest.param(-3.25, -3.0, 0, id="negative"),
        pytest.param(0.00004, 0.0, 0, id="text with an exponent"),
    ],
)
def test_one_figure_in_two_copies(earlier: float, later: float, revisions: int):
    days = [dt.date(2021, 1, 1), dt.date(2021, 2, 1)]
    copies = [[Vintage(month(0), day, v, "normal")] for day, v in zip(days, (earlier, later), strict=True)]
    (rows,) = loaded([copies], [0, 1])
    assert max(row[5] for row in rows) == revisions
    assert rows == expected(copies)


def test_a_whole_copy_shows_with_how_many_digits_it_is_written():
    """Of one figure, 99.8 and 100 may be a revision that ends in .0; of a dozen whole numbers, each the earlier one rounded, none is."""
    first = [Vintage(month(n), dt.date(2021, 1, 1), n + 0.8, "normal") for n in range(12)]
    whole = [Vintage(month(n), dt.date(2021, 2, 1), n + 1.0, "normal") for n in range(12)]
    all_whole, some_whole = loaded([[first, whole], [first, whole[:3]]], [0, 1])
    assert [row[5] for row in all_whole] == [0] * 12
    assert max(row[5] for row in some_whole) == 1


def test_a_figure_is_known_to_the_digits_of_the_finest_copy_that_states_it():
    """A revision of 1000.0 to 1000.5 was told as more digits of 1000, because a copy in whole numbers had stated the figure before the one
    with a decimal, which told a change of status only."""
    said = [
        ("preliminary", 1000.0, 0),
        ("normal", 1000.0, 0.2),
        ("normal", 1000.5, 0.5),
        ("normal", 1000.52, 0.52),
    ]
    copies = []
    for copy, (status, first, digits) in enumerate(said, start=1):
        values = [first, *(1000 + n + digits for n in range(1, 12))]
        copies.append([Vintage(month(n), dt.date(2021, copy, 1), v, status) for n, v in enumerate(values)])
    (rows,) = loaded([copies], list(range(4)))
    assert [row[3:] for row in rows if row[0] == month(0)] == [
        (1000.0, "preliminary", 0, False),
        (1000.0, "normal", 1, False),
        (1000.5, "normal", 2, False),
        (1000.52, "normal", 2, True),
    ]
    assert rows == expected(copies)
