"""A made-up series among a handful of events, for the public macros.

Belongs here: the events, the values, filling a database with them. Does not belong here: what a macro must answer.
"""

from __future__ import annotations

import datetime as dt

import duckdb

from tests.oracles import plain_comparison as plain
from tests.support import macro_case as case


def growing(first: dt.date, count: int) -> dict[dt.date, float]:
    start = plain.number(first)
    return {plain.month(start + i): 100.0 + i for i in range(count)}


VALUES = {plain.number(day): value for day, value in growing(dt.date(2014, 1, 1), 110).items()}
EVENTS = [
    ("talks", "round_end", "2018-01-29", None, "day", "high", True, "talks_2018"),
    ("tariff", "tariff_effective", "2018-03-08", "2018-03-23", "day", "high", True, None),
    ("entry", "entry_into_force", "2020-07-01", "2020-07-01", "day", "high", True, None),
    ("rumour", "statement", "2018-02-01", None, "day", "low", True, None),
    ("threat", "tariff_announced", "2018-02-10", "2018-06-01", "day", "medium", False, None),
]


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """The events, episodes and values of the series `s` into a database that holds the macros."""
    case.add_events(con, EVENTS)
    con.execute("INSERT INTO rpt_event_exposure SELECT event_id, 's', 'one' FROM dim_event")
    con.executemany(
        "INSERT INTO dim_episode VALUES (?, ?, ?, ?)",
        [("covid", "2020-02-01", "2021-06-30", "all"), ("lasting", "2021-12-15", None, "all")],
    )
    case.add_values(con, "s", growing(dt.date(2014, 1, 1), 110))
