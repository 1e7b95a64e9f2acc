"""The public table macros: the numbers they give, what they must never show, and that any client can call them."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.oracles import plain_comparison as plain
from tests.support import macro_case as case
from tests.support import timeline_case
from tests.support.timeline_case import VALUES, growing

#: DuckDB and Python add in another order: differences of a few units in the last place of the largest summand
CLOSE = {"rel_tol": 1e-9, "abs_tol": 1e-9}


@pytest.fixture(scope="module")
def macros(warehouse: Path) -> list[str]:
    return case.built_macros(warehouse)


@pytest.fixture
def con(macros) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        case.create(connection, macros)
        yield connection


def differences(got: dict, wanted: dict) -> dict:
    """Columns of `got` that are not what is wanted."""
    out = {}
    for name in ("n_pre", "n_post", *plain.STATISTICS):
        a, b = got[name], wanted[name]
        same = math.isclose(a, b, **CLOSE) if isinstance(a, float) and isinstance(b, float) else a == b
        if not same:
            out[name] = (a, b)
    return out


# -- before_after ----------------------------------------------------------------------------------------------------

FIRST = plain.number(dt.date(2010, 1, 1))


def series_of(kind: str, length: int, holes: set[int], seed: int) -> dict[int, float]:
    """Values with one decimal, as agencies publish them, by month number from FIRST on."""
    draw = random.Random(seed)
    levels = {
        "positive": lambda i: draw.randint(900, 1100) / 10,
        "around zero": lambda i: draw.randint(-300, 300) / 10,
        "once negative": lambda i: draw.randint(-1, 60) / 10,
        "negative at first": lambda i: draw.randint(1, 60) / 10 if i > 45 else -1.0,
        "constant": lambda i: 500.0,
    }
    return {FIRST + i: levels[kind](i) for i in range(length) if i not in holes}


def question(draw: random.Random) -> dict:
    """A series, a cut and windows; a hole is so many months from the cut."""
    return {
        "kind": draw.choice(["positive", "around zero", "once negative", "negative at first", "constant"]),
        "length": draw.choice([1, 7, 30, 60, 90, 120]),
        # of two in one window of 12 both can be left out, of three none
        "holes": draw.choice([set(), {draw.randint(-26, 23) for _ in range(draw.randint(1, 3))}]),
        "offset": draw.choice([draw.randint(-3, 118), draw.randint(45, 70)]),
        "months": draw.choice([1, 2, 6, 8, 11, 12, 12, 12, 18, 24]),
        "gap": draw.choice([0, 0, 1, 3, 6, 13]),
        "after": draw.choice([None, None, draw.randint(1, 30)]),
        "balance": draw.choice([False, True]),
        "seed": draw.randint(0, 2**32),
    }


#: no logarithm of the window before the window before
NO_LOGARITHM = {
    **{"kind": "negative at first", "length": 120, "holes": set(), "offset": 60, "months": 12},
    **{"gap": 0, "after": None, "balance": False, "seed": 1},
}


@pytest.mark.parametrize("seed", range(4))
def test_before_after_is_what_plain_python_finds(con, seed):
    """A window off by a month, a hole averaged over, or a log of a negative number would go out as a finding.

    Thirty series at a time, because a statement is planned for longer than it runs."""
    draw = random.Random(seed)
    questions = [NO_LOGARITHM, *(question(draw) for _ in range(29))]
    series = [
        series_of(q["kind"], q["length"], {q["offset"] + hole for hole in q["holes"]}, q["seed"])
        for q in questions
    ]
    for n, (q, values) in enumerate(zip(questions, series, strict=True)):
        flow = "balance" if q["balance"] else None
        case.add_values(con, f"s{n}", {plain.month(m): v for m, v in values.items()}, flow=flow)
    asked = [
        {
            "series": f"s{n}",
            "day": plain.month(FIRST + q["offset"]),
            **{name: q[name] for name in ("months", "gap", "after")},
        }
        for n, q in enumerate(questions)
    ]
    answers = case.called_for_each(
        con,
        "before_after(asked.series, asked.day, months := asked.months, gap := asked.gap, post_months := asked.after)",
        asked,
    )
    for q, values, (got,) in zip(questions, series, answers, strict=True):
        answered_as_plain_python(q, values, got)
    # a few as a user asks, with values in place of columns
    for n in (0, 1, 2):
        (alone,) = case.rows(
            con, "FROM before_after(?, ?, months := ?, gap := ?, post_months := ?)", list(asked[n].values())
        )
        answered_as_plain_python(questions[n], series[n], alone)


def answered_as_plain_python(question: dict, values: dict[int, float], got: dict) -> None:
    months, gap, after = (question[name] for name in ("months", "gap", "after"))
    cut = FIRST + question["offset"]
    wanted = plain.compare(values, cut, months, gap, after=after, log_allowed=not question["balance"])
    assert not differences(got, wanted), question
    before, later = plain.windows(cut, months, gap, after)
    assert (plain.number(got["pre_start"]), plain.number(got["post_start"])) == (before.start, cut)
    assert plain.number(got["pre_end"]) == before.start + len(before) - 1
    assert plain.number(got["post_end"]) == cut + len(later) - 1
    assert (got["reason"] == "a month of a window has no value") == wanted["missing"], question
    gone = wanted["left_out"]
    assert got["months_left_out"] == [f"{plain.month(m):%Y-%m}" for m in gone]
    whole = got["n_pre"] + sum(m < cut for m in gone) == (
        months if months % 12 == 0 else after or months
    ) and got["n_post"] + sum(m >= cut for m in gone) == (after or months)
    assert (got["reason"] or "").startswith(("window is shorter than asked", "no month of a window")) == (
        not whole and not wanted["missing"]
    ), question


def histories(draw: random.Random) -> list[list[tuple[int, int | None, int]]]:
    """By month, what was released of it: days after 2020-01-01, the value or None for a withdrawal, the minute of the day; a
    release at midnight belongs to the day it opens."""
    months = []
    for _ in range(draw.randint(6, 30)):
        moments = {(draw.randint(0, 40), draw.choice([0, 1, 810, 1439])) for _ in range(draw.randint(1, 4))}
        months.append(
            [(day, draw.choice([None, draw.randint(900, 1100)]), minute) for day, minute in sorted(moments)]
        )
    return months


@pytest.mark.parametrize("seed", range(3))
def test_nothing_known_later_is_shown_or_used(con, seed):
    """A revision published after the day asked about would let hindsight into what was known; a withdrawn value would
    come back from the vintage before. Forty series at a time, each asked about as of a day of its own."""
    draw = random.Random(seed)
    start = dt.datetime(2020, 1, 1)
    asked, vintages = [], []
    for n in range(40):
        vintages.append(
            {
                plain.month(FIRST + i): [
                    (
                        start + dt.timedelta(days=d, minutes=minute),
                        None if value is None else value / 10,
                        "withdrawn" if value is None else "normal",
                    )
                    for d, value, minute in known
                ]
                for i, known in enumerate(histories(draw))
            }
        )
        case.add_series(con, f"s{n}")
        case.add_vintages(con, f"s{n}", vintages[-1])
        asked.append(
            {
                "series": f"s{n}",
                "event": plain.month(FIRST + draw.randint(0, 24)),
                "day": start.date() + dt.timedelta(days=draw.randint(-1, 41)),
            }
        )
    compared = case.called_for_each(
        con, "before_after(asked.series, asked.event, months := 6, on_date := asked.day)", asked
    )
    for place, (question, released, (got,)) in enumerate(zip(asked, vintages, compared, strict=True)):
        known = {}
        for period, history in released.items():
            until = [v for v in sorted(history) if v[0].date() <= question["day"]]
            if until and until[-1][2] != "withdrawn":
                known[period] = until[-1][:2]
        shown = case.rows(con, "FROM as_of(?) WHERE series_id = ?", [question["day"], question["series"]])
        assert {r["period_start"]: (r["known_from"], r["value"]) for r in shown} == known
        values = {plain.number(period): value for period, (_, value) in known.items()}
        wanted = plain.compare(values, plain.number(question["event"]), 6, 0)
        assert not differences(got, wanted)
        assert got["as_of"] is None or got["as_of"].date() <= question["day"]
        if place < 3:  # as a user asks, with values in place of columns
            (alone,) = case.rows(
                con,
                "FROM before_after(?, ?, months := 6, on_date := ?)",
                [question["series"], question["event"], question["day"]],
            )
            assert not differences(alone, wanted)


def test_as_of_a_far_day_is_the_latest(con):
    """as_of and fct_observation are two ways to the same rows: a difference would make one of them wrong."""
    day = dt.datetime(2020, 1, 1)
    case.add_series(con, "s")
    case.add_vintages(
        con,
        "s",
        {
            dt.date(2019, 1, 1): [(day, 1.0, "preliminary"), (day + dt.timedelta(30), 2.0, "revised")],
            dt.date(2019, 2, 1): [(day, None, "missing")],
            dt.date(2019, 3, 1): [(day, 3.0, "normal"), (day + dt.timedelta(1), None, "withdrawn")],
        },
    )
    latest = con.execute("SELECT * EXCLUDE (is_first_release) FROM fct_observation ORDER BY ALL").fetchall()
    assert [row[1].month for row in latest] == [1, 2]
    assert con.execute("FROM as_of(DATE '2100-01-01') ORDER BY ALL").fetchall() == latest
    assert con.execute("FROM as_of('2100-01-01') ORDER BY ALL").fetchall() == latest


@pytest.fixture
def timeline(con):
    timeline_case.fill(con)
    return con


def test_event_and_its_day_cut_alike(timeline):
    """An event is compared where its rule says, however it is named; the day it took effect counts for a tariff."""
    cuts = {
        event: case.rows(timeline, "FROM before_after('s', ?)", [event])[0]["cut_month"]
        for event in ("talks", "2018-01-29", "tariff", "2018-03-23", "entry", "2020-07-01", "threat")
    }
    assert cuts == {
        "talks": dt.date(2018, 2, 1),
        "2018-01-29": dt.date(2018, 2, 1),
        "tariff": dt.date(2018, 4, 1),
        "2018-03-23": dt.date(2018, 4, 1),
        "entry": dt.date(2020, 7, 1),
        "2020-07-01": dt.date(2020, 7, 1),
        "threat": dt.date(2018, 3, 1),  # announced, not effective: the day it was announced
    }


def test_the_own_month_is_left_out_unless_it_is_kept(timeline):
    """The macro obeys the rule of the reports for an event, a date and a first day; a gap that is asked for is the gap."""

    def compared(arguments: str) -> tuple[int, dt.date, bool]:
        (row,) = case.rows(timeline, f"FROM before_after('s', {arguments})")
        assert not differences(
            row,
            plain.compare(VALUES, plain.number(row["cut_month"]), row["window_months"], row["gap_months"]),
        )
        return row["gap_months"], row["pre_end"], row["is_default_gap"]

    for talks in ("'talks'", "'2018-01-29'"):
        assert compared(talks) == (1, dt.date(2017, 12, 1), True)
        assert compared(f"{talks}, keep_event_month := true") == (0, dt.date(2018, 1, 1), False)
        assert compared(f"{talks}, gap := 0") == (0, dt.date(2018, 1, 1), False)
        assert compared(f"{talks}, gap := 3, keep_event_month := true") == (3, dt.date(2017, 10, 1), False)
    for entry in ("'entry'", "'2020-07-01'"):
        assert compared(entry) == (0, dt.date(2020, 6, 1), True)
    pool = "SELECT count(*) FROM placebo('s', 'talks'{}) WHERE is_event AND gap_months = {}"
    assert timeline.execute(pool.format("", 1)).fetchall() == [(1,)]
    assert timeline.execute(pool.format(", keep_event_month := true", 0)).fetchall() == [(1,)]


def test_overlap_counts_events_of_the_report(timeline):
    """An unverified or never effective event must not make a comparison look confounded, the next tariff must, and a talk must not;
    the strict count of all events stands beside it."""
    (talks,) = case.rows(timeline, "FROM before_after('s', 'talks')")
    assert (talks["n_other_events"], talks["max_shared_post_share"]) == (1, pytest.approx(10 / 12))
    assert (talks["rival_event_ids"], talks["rivals_in_windows"]) == (["tariff"], ["tariff"])
    assert (talks["identified"], talks["cluster_id"]) == (False, "talks_2018")
    assert (talks["treatment_id"], talks["verdict"]) == ("phase-talks_2018", "overlapping")
    (short,) = case.rows(timeline, "FROM before_after('s', 'talks', months := 3)")
    assert (short["n_other_events"], short["max_shared_post_share"]) == (1, pytest.approx(1 / 3))
    assert (short["rival_event_ids"], short["rivals_in_windows"]) == ([], ["tariff"])
    assert short["identified"] is False, "a talk has no window of its own, however far the next act is"
    (nothing,) = case.rows(timeline, "FROM before_after('s', 'talks', months := 1, gap := 13)")
    assert (nothing["n_pre"], nothing["n_post"], nothing["max_shared_post_share"]) == (0, 0, 0.0)
    # a bare day is nobody's own event, so an act on that day counts; the talk of January counts in the strict count alone
    (day,) = case.rows(timeline, "FROM before_after('s', '2018-03-23')")
    assert (day["n_other_events"], day["max_shared_post_share"], day["rival_event_ids"]) == (
        1,
        1.0,
        ["tariff"],
    )
    (tariff,) = case.rows(timeline, "FROM before_after('s', 'tariff')")
    assert (tariff["n_other_events"], tariff["treatment_id"], tariff["identified"]) == (
        0,
        "act-2018-04",
        True,
    )
    assert tariff["n_other_events_any"] == day["n_other_events_any"] - 1 > 0
    # an act that does not reach the series is a day like any other
    timeline.execute("DELETE FROM rpt_event_exposure WHERE event_id = 'tariff'")
    (elsewhere,) = case.rows(timeline, "FROM before_after('s', 'tariff')")
    assert (elsewhere["n_other_events"], elsewhere["treatment_id"], elsewhere["identified"]) == (
        0,
        None,
        True,
    )


def test_episodes_touch_by_the_month(timeline):
    """COVID in a window must be named; in the gap, or a month away, it must not; one without an end goes on."""
    found = {
        arguments: case.rows(timeline, f"FROM before_after('s', {arguments})")[0]
        for arguments in (
            "'entry'",
            "'2019-02-01'",
            "'2019-02-02'",
            "'2021-07-01', gap := 6, months := 12",
            "'2022-01-01'",
        )
    }
    assert {k: v["episodes_in_window"] for k, v in found.items()} == {
        "'entry'": ["covid"],
        "'2019-02-01'": [],
        "'2019-02-02'": ["covid"],
        "'2021-07-01', gap := 6, months := 12": ["covid", "lasting"],
        "'2022-01-01'": ["covid", "lasting"],
    }
    assert all(row["event_clean"] == (not row["episodes_in_window"]) for row in found.values())


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("'nope', 'talks'", "series is unknown"),
        ("'s', 'nope'", "event is neither an event_id nor an ISO date"),
        ("'yearly', 'talks'", "series is not monthly"),
        ("'s', '1990-01-01'", "no month of a window is known"),
        ("'s', 'talks', on_date := '2029-12-31'", "no month of a window is known"),
        ("'s', 'talks', months := 0", "months must be at least 1 and gap at least 0"),
        ("'s', 'talks', gap := -1", "months must be at least 1 and gap at least 0"),
        ("'s', '2022-10-01'", "window is shorter than asked"),
        ("'s', 'talks', months := 8, gap := 6", "window is shorter than asked"),
        ("'s', 'talks'", "a talk is judged as its phase (cluster_id)"),
        ("'s', 'entry'", "an episode touches a window"),
        ("'s', '2016-01-01'", "fewer than 6 blocks of 24 placebo cuts"),
    ],
)
def test_one_row_says_why_there_are_no_numbers(timeline, call, reason):
    """No row at all would be read as "nothing to see"; an error would break a query over many series."""
    case.add_series(timeline, "yearly", frequency="annual")
    (row,) = case.rows(timeline, f"FROM before_after({call})")
    assert row["reason"].split("; ")[0] == reason
    has_numbers = reason.startswith(("window is shorter", "a talk", "an episode", "fewer than"))
    assert (row["d_level"] is not None) == has_numbers
    assert (row["verdict"] == "not_computable") == (not has_numbers)


def test_figures_before_a_declared_break_are_not_compared_with_later_ones(timeline):
    """Shares of USMCA claims jump in July 2025 because recording changed; a comparison over it would call that an effect."""
    timeline.execute(
        "UPDATE dim_series SET break_period = DATE '2018-01-01', break_reason = 'recording changed' WHERE series_id = 's'"
    )
    (before,) = case.rows(timeline, "FROM before_after('s', '2018-01-01', months := 6)")
    assert before["reason"] == (
        "figures before 2018-01 are not compared with later ones: recording changed"
    ), before["reason"]
    assert before["d_level"] is None
    (after,) = case.rows(timeline, "FROM before_after('s', '2019-01-01', months := 12)")
    assert (after["n_pre"], after["n_post"]) == (12, 12) and after["pre_start"] == dt.date(2018, 1, 1)


def test_what_the_press_quoted_is_no_first_release(con):
    """A newspaper's figure known before the agency's is shown and never counted as what was first released."""
    quoted, released, confirmed = dt.datetime(2020, 2, 1), dt.datetime(2020, 3, 1), dt.datetime(2020, 4, 1)
    months = growing(dt.date(2018, 1, 1), 24)
    case.add_series(con, "s")
    case.add_vintages(
        con,
        "s",
        {
            m: [(quoted, 2 * v, "normal"), (released, v, "preliminary"), (confirmed, v, "normal")]
            for m, v in months.items()
        },
    )
    (honest,) = case.rows(con, "FROM before_after('s', '2019-01-01')")
    con.execute("UPDATE fct_observation_vintage SET grade = 'press' WHERE revision_number = 0")
    (graded,) = case.rows(con, "FROM before_after('s', '2019-01-01')")
    assert graded["revision_effect"] == pytest.approx(0) and graded["d_level"] == honest["d_level"]
    assert {r["grade"] for r in case.rows(con, "FROM trace('s', '2018-05')")} == {"agency", "press"}


def test_revisions_are_told_only_of_what_is_held(con):
    """The oldest copy of years later is no first release, and one version says nothing of revisions; both were told as a
    revision of zero."""
    months = growing(dt.date(2018, 1, 1), 24)
    revised = {
        m: [(dt.datetime(2020, 3, 1), v, "normal"), (dt.datetime(2020, 4, 1), 2 * v, "normal")]
        for m, v in months.items()
    }
    for series_id, vintages in (
        ("s", revised),
        ("copied", revised),
        ("once", {m: known[:1] for m, known in revised.items()}),
    ):
        case.add_series(con, series_id)
        case.add_vintages(con, series_id, vintages)
    effect = {
        name: case.rows(con, f"FROM before_after('{name}', '2019-01-01')")[0]["revision_effect"]
        for name in ("s", "copied", "once")
    }
    assert effect["s"] == pytest.approx(0) and effect["s"] is not None
    assert effect["copied"] is None and effect["once"] is None


def test_a_day_before_the_oldest_copy_is_refused_by_its_name(con):
    """'No month of a window is known' left the reader to try days until one worked."""
    case.add_values(con, "s", growing(dt.date(2018, 1, 1), 24))
    con.execute("UPDATE dim_series SET oldest_known_from = TIMESTAMP '2030-01-01'")
    (row,) = case.rows(con, "FROM before_after('s', '2019-01-01', on_date := DATE '2029-12-31')")
    assert row["reason"] == "the oldest copy held of the series is of 2030-01-01"
    assert row["verdict"] == "not_computable" and row["d_level"] is None
    (row,) = case.rows(con, "FROM before_after('s', '2019-01-01', on_date := DATE '2030-01-01')")
    assert row["d_level"] is not None
