"""What is said of versions: only what the figures held can bear."""

from __future__ import annotations

import datetime as dt
from typing import cast

import duckdb
import pytest

from orchestration.readers.comparison.versions import (
    Held,
    first_releases_of,
    known_too_late,
    unknown_revisions,
    versions_held,
)
from orchestration.readers.rows import DimSeries, RptBeforeAfter

MAR, APR, LATE = dt.datetime(2020, 3, 5), dt.datetime(2020, 4, 5), dt.datetime(2023, 2, 5)
RESULT = cast(
    "RptBeforeAfter",
    {
        "series_id": "s",
        "pre_start": dt.date(2020, 1, 1),
        "pre_end": dt.date(2020, 1, 1),
        "post_start": dt.date(2020, 2, 1),
        "post_end": dt.date(2020, 2, 1),
        "revision_effect": None,
        "pre_mean": 1.0,
        "reason": "no month of a window is known",
    },
)
SERIES = cast(
    "DimSeries",
    {
        "series_id": "s",
        "oldest_known_from": LATE,
        "first_release_count": 0,
        "first_release_from": None,
        "first_release_to": None,
    },
)
BOTH = Held(n_months=2, n_copied=2, oldest_copy=LATE, complete_from=LATE, n_revised=1, n_revised_since=0)


def release(vintages: list[tuple[int, dt.datetime, float, int, str | None]]) -> duckdb.DuckDBPyConnection:
    """A release of months of 2020: (month, known_from, value, revision_number, grade). What is known after April is a copy."""
    con = duckdb.connect()
    con.execute(
        """CREATE TABLE fct_observation_vintage (series_id VARCHAR, frequency VARCHAR, period_start DATE, known_from TIMESTAMP,
               value DOUBLE, revision_number INTEGER, grade VARCHAR)"""
    )
    con.executemany(
        "INSERT INTO fct_observation_vintage VALUES ('s', 'monthly', make_date(2020, ?, 1), ?, ?, ?, ?)",
        vintages,
    )
    con.execute(
        """CREATE VIEW fct_observation AS
           SELECT series_id, frequency, period_start, arg_max(value, known_from) AS value,
               min(known_from) AS first_known_from, min(known_from) < DATE '2020-05-01' AS is_first_release
           FROM fct_observation_vintage GROUP BY ALL"""
    )
    return con


def test_versions_are_counted_by_month():
    """One month copied three years later and one revised: neither may stand for the other, nor a month outside the windows."""
    con = release(
        [
            (1, MAR, 1.0, 0, None),
            (1, APR, 2.0, 1, None),
            (2, LATE, 1.0, 0, None),
            (3, MAR, 1.0, 0, None),
            (3, APR, 3.0, 1, None),
        ]
    )
    assert versions_held(con, RESULT, None) == Held(2, 1, LATE, LATE, 1, 0)
    assert versions_held(con, RESULT, dt.date(2020, 3, 31)) == Held(2, 1, LATE, LATE, 1, 1)
    assert versions_held(con, RESULT, dt.date(2020, 4, 5)) == Held(2, 1, LATE, LATE, 1, 0)


def test_more_digits_and_the_press_are_no_versions():
    con = release(
        [
            (1, MAR, 1.0, 0, None),
            (1, APR, 1.04, 0, None),
            (2, MAR, 2.0, 0, "press"),
            (2, APR, 1.0, 1, None),
        ]
    )
    held = versions_held(con, RESULT, None)
    assert held is not None and held.n_revised == 0


@pytest.mark.parametrize(
    ("held", "effect", "said"),
    [
        (BOTH, 0.01, []),
        (None, None, []),
        (
            Held(2, 2, LATE, LATE, 0, 0),
            None,
            ["No earlier version of these months is held, so nothing is known of revisions."],
        ),
        (
            BOTH,
            None,
            [
                "The first release of 2 of the 2 months is not held (the oldest copy of them is of 2023-02-05), so what "
                "revisions did since then is not known."
            ],
        ),
    ],
)
def test_silence_about_revisions_is_explained(held: Held | None, effect: float | None, said: list[str]):
    """'Revisions on record have not moved the difference' was said of series of which one copy is held."""
    assert unknown_revisions(held, cast("RptBeforeAfter", RESULT | {"revision_effect": effect})) == said


def test_a_day_too_early_is_answered_with_one_that_works():
    text = known_too_late(SERIES, RESULT, BOTH, dt.date(2018, 6, 30))
    assert text.startswith(" The oldest figure held of this series became known on 2023-02-05.")
    assert "`--as-of 2023-02-05` or later works" in text
    # the macro has said it already
    said = cast("RptBeforeAfter", RESULT | {"reason": "the oldest copy held of the series is of 2023-02-05"})
    assert "oldest" not in known_too_late(SERIES, said, BOTH, dt.date(2018, 6, 30))
    assert known_too_late(SERIES, RESULT, BOTH, None) == ""
    assert known_too_late(SERIES, RESULT, BOTH, dt.date(2024, 1, 1)) == ""
    # a month that has no figure to this day has none on any day: no day is promised
    holed = Held(1, 1, LATE, LATE, 0, 0)
    assert "works" not in known_too_late(SERIES, RESULT, holed, dt.date(2018, 6, 30))


def test_which_first_releases_are_held():
    assert (
        first_releases_of(SERIES)
        == "none of its first releases is held; the oldest copy held is of 2023-02-05"
    )
    some = {
        "first_release_count": 12,
        "first_release_from": dt.date(2021, 5, 1),
        "first_release_to": dt.date(2022, 6, 1),
    }
    assert first_releases_of(cast("DimSeries", SERIES | some)) == (
        "its first releases are held of 12 months from 2021-05 to 2022-06; the oldest copy held is of 2023-02-05"
    )
