"""Runs of states from their table, states as arrays, and one row a run.

Prevents: a month of one state in another's place, two primary runs of an event, a list of states without its columns.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from transforms.statistics import state_designs as sd
from transforms.statistics.months import number


def monthly(*rows: tuple[str, date, float | None, float | None]) -> pl.DataFrame:
    schema = {
        "us_state_code": pl.String,
        "period_start": pl.Date,
        "jobs": pl.Float64,
        "freight_usd": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


WANTED = pl.DataFrame(
    {
        "family_id": ["talks", "talks"],
        "cut_month": [date(2017, 9, 1)] * 2,
        "window_months": [12, 24],
        "gap_months": [0, 0],
        "quiet_until": [date(2017, 7, 31)] * 2,
        "is_primary": [True, False],
    }
)
EPISODES = pl.DataFrame(
    {"title": ["a strike"], "starts_on": [date(2019, 9, 16)], "ends_on": [date(2019, 10, 25)]}
)


def test_months_stand_in_their_places_and_what_is_not_known_is_nan():
    table = sd.states(
        monthly(
            ("MI", date(2017, 3, 1), 5.0, None),
            ("AL", date(2017, 1, 1), None, 7.0),
            ("MI", date(2017, 1, 1), 4.0, 0.0),
        )
    )
    assert table.codes == ("AL", "MI")
    assert table.first == number(date(2017, 1, 1))
    assert np.array_equal(table.jobs, [[np.nan] * 3, [4, np.nan, 5]], equal_nan=True)
    assert np.array_equal(table.freight, [[7, np.nan, np.nan], [0, np.nan, np.nan]], equal_nan=True)


def test_two_rows_of_a_month_and_no_rows_are_refused():
    with pytest.raises(ValueError, match="two rows"):
        sd.states(monthly(("MI", date(2017, 1, 1), 4.0, 0.0), ("MI", date(2017, 1, 1), 4.0, 0.0)))
    with pytest.raises(ValueError, match="no month"):
        sd.states(monthly())


def test_every_run_is_made_for_both_exposures_and_one_of_them_is_primary():
    latest = sd.designs(WANTED, EPISODES, "latest")
    first = sd.designs(WANTED, EPISODES, "first_release")
    assert [(d.window, d.exposure_kind) for d in latest] == [
        (12, "dollars"),
        (12, "log"),
        (24, "dollars"),
        (24, "log"),
    ]
    assert [d.is_primary for d in (*latest, *first)] == [True] + [False] * 7
    assert latest[0].episodes == ((number(date(2019, 9, 1)), number(date(2019, 10, 1)), "a strike"),)


def test_a_run_without_numbers_is_one_row_with_an_empty_list():
    table = sd.states(monthly(("MI", date(2017, 1, 1), 4.0, 0.0)))
    [design, *_] = sd.designs(WANTED, EPISODES, "latest")
    [found] = sd.work_out_all([(design, table)])
    assert found.schema == pl.Schema(sd.RESULT_SCHEMA)
    assert found["verdict"][0] == "not_computable"
    assert found["states"].list.len()[0] == 0
