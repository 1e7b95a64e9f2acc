"""Loading: no date is ever answered with what was not known then, no row is lost, repeating changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import duckdb
import polars as pl
import pytest

from orchestration.base.errors import PayloadError
from orchestration.store.loading import LoadAccount, load
from orchestration.store.tables import DDL
from tests.support.parsed import month, observations, payload_of, series_of
from tests.support.store_case import APR, FEB, JAN, current, series, values
from transforms.schema import OBSERVATION, FrameError, Parsed


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute(DDL)
        yield con


def test_only_changes_are_stored_and_counted(con):
    """A store that grows by the whole series at each release."""
    load(con, payload_of("1"), series([(0, 1.0), (1, 2.0)], JAN))
    account = load(con, payload_of("2"), series([(0, 1.0), (1, 2.5), (2, 3.0)], FEB))
    assert account == LoadAccount("test:test:2", "observation", 3, 2, 1, 0, 1, 0, 0)
    assert values(con) == [(0, 1.0, JAN), (1, 2.0, JAN), (1, 2.5, FEB), (2, 3.0, FEB)]


@pytest.mark.parametrize("remembered", [True, False], ids=["recognised", "compared again"])
def test_loading_again_changes_nothing(con, remembered):
    """A re-run that doubles rows, with the record of the first run and without it."""
    parsed = series([(0, 1.0), (2, None)], FEB, complete=True)
    load(con, payload_of("0"), series([(1, 4.0)], JAN))
    load(con, payload_of("1"), parsed)
    if not remembered:
        con.execute("DELETE FROM raw.load WHERE payload_id = 'test:test:1'")
    tables = ["observation", "observation_current", "coverage", "payload", "series"]
    before = [con.execute(f"SELECT * FROM raw.{t} ORDER BY ALL").fetchall() for t in tables]
    account = load(con, payload_of("1"), parsed)
    assert account == LoadAccount("test:test:1", "observation", 2, 0, 2, 0, 0, 0, 0)
    assert [con.execute(f"SELECT * FROM raw.{t} ORDER BY ALL").fetchall() for t in tables] == before


def test_a_new_parser_version_loads_the_payload_again(con):
    """A corrected parser whose results never reach the store because the payload counts as loaded."""
    load(con, payload_of("1"), series([(0, 1.0)], JAN))
    account = load(con, payload_of("1"), series([(0, 1.5)], JAN), parser_version="2")
    assert account.rows_revised == 1
    assert current(con, OBSERVATION) == {("a", month(0)): (1.5, "normal")}


def test_rejected_rows_are_counted_kept_and_never_taken_for_withdrawals(con):
    """A row that could not be read disappears from the account, or its value is withdrawn."""
    load(con, payload_of("1"), series([(0, 1.0), (1, 2.0), (2, 3.0)], JAN))
    unread = ((7, "value 'n/a' is not a number", "a,2020-02,n/a"),)
    account = load(con, payload_of("2"), series([(0, 1.0), (2, 3.0)], FEB, complete=True, rejected=unread))
    assert (account.rows_in, account.rows_unchanged, account.rows_rejected) == (3, 2, 1)
    assert account.rows_withdrawn == 0
    found = con.execute("SELECT payload_id, row_number, reason, row_text FROM raw.rejected_row").fetchall()
    assert found == [("test:test:2", *unread[0])]
    # the vintage proves no absence later on either
    late = load(con, payload_of("0"), series([(3, 9.0), (1, 2.0)], datetime(2025, 12, 5)))
    assert late.rows_reinstated == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_no_numbers_are_rejected(con, value):
    """One NaN turns every mean over the series into NaN."""
    load(con, payload_of("1"), series([(0, 1.0), (1, 2.0)], JAN))
    account = load(con, payload_of("2"), series([(0, 1.0), (1, value), (2, 3.0)], FEB, complete=True))
    assert (account.rows_appended, account.rows_unchanged, account.rows_rejected) == (1, 1, 1)
    assert current(con, OBSERVATION)["a", month(1)] == (2.0, "normal")


def test_rows_from_the_future_are_rejected(con):
    """A period that had not begun, or a value known after it was retrieved: an as-of query would lie."""
    retrieved = datetime(2026, 4, 10)
    rows = [
        ("a", month(0), 1.0, APR),
        ("a", date(2026, 5, 1), 2.0, APR),
        ("a", month(1), 3.0, datetime(2027, 1, 1)),
    ]
    account = load(con, payload_of("1", retrieved_at=retrieved), observations(rows))
    assert (account.rows_in, account.rows_appended, account.rows_rejected) == (3, 1, 2)


def test_repeated_rows_are_counted_and_do_not_spoil_completeness(con):
    load(con, payload_of("1"), series([(0, 1.0), (1, 2.0), (2, 3.0)], JAN))
    twice = series([(0, 1.0), (2, 3.0), (2, 3.0)], FEB, complete=True)
    account = load(con, payload_of("2"), twice)
    assert (account.rows_in, account.rows_unchanged, account.rows_rejected, account.rows_withdrawn) == (
        3,
        2,
        1,
        1,
    )


def untrusted() -> dict[str, tuple[Parsed, str]]:
    one = series([(0, 1.0)], FEB)
    return {
        "contradicting rows": (series([(0, 1.0), (0, 2.0)], FEB), "contradict"),
        "other columns": (replace(one, frame=one.frame.rename({"value": "amount"})), "value"),
        "other types": (replace(one, frame=one.frame.with_columns(pl.col("value").cast(pl.String))), "value"),
        "no rows": (replace(one, frame=one.frame.clear()), "no rows"),
        "no usable row": (series([(0, float("nan"))], FEB), "no row is usable"),
        "no metadata": (replace(one, series=None), "metadata"),
        "series without metadata": (replace(one, series=series_of("b")), "no metadata for series a"),
        "metadata twice": (replace(one, series=series_of("a", "a")), "twice"),
        "unknown frequency": (replace(one, series=series_of("a", frequency="weekly")), "weekly"),
        "period inside a month": (observations([("a", date(2020, 1, 15), 1.0, FEB)]), "first day"),
        "quarter that is none": (
            series([(1, 1.0)], FEB, series=series_of("a", frequency="quarterly")),
            "first day",
        ),
    }


@pytest.mark.parametrize("case", untrusted())
def test_an_untrusted_payload_changes_nothing_and_says_why(con, case):
    """Half of a bad payload in the store, or an error that does not name the reason."""
    parsed, reason = untrusted()[case]
    load(con, payload_of("1"), series([(0, 5.0)], JAN, series=series_of("c", "a")))
    before = {
        t: con.execute(f"FROM raw.{t}").fetchall() for t in ("observation", "series", "payload", "load")
    }
    with pytest.raises((FrameError, PayloadError), match=reason):
        load(con, payload_of("2"), parsed)
    assert {t: con.execute(f"FROM raw.{t}").fetchall() for t in before} == before


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("unit", "persons", "unit 'thousands of persons' -> 'persons'"),
        ("unit_multiplier", 1, "unit_multiplier 1000 -> 1"),
        ("currency", "USD", "currency None -> 'USD'"),
        ("frequency", "daily", "frequency 'monthly' -> 'daily'"),
        ("seasonal_adjustment", "NSA", "seasonal_adjustment 'SA' -> 'NSA'"),
        ("basis", "customs", "basis None -> 'customs'"),
    ],
)
def test_a_series_never_changes_its_unit(con, field, value, said):
    """Thousands followed by units in one series: a thousandfold rise that never happened."""
    load(con, payload_of("1"), series([(0, 1.0)], JAN))
    changed = series([(0, 1000.0)], FEB, series=series_of("a", **{field: value}))
    with pytest.raises(PayloadError, match="series a changes") as error:
        load(con, payload_of("2"), changed)
    assert said in str(error.value)
    assert values(con) == [(0, 1.0, JAN)]
    assert con.execute("SELECT count(*) FROM raw.load").fetchone() == (1,)


def test_titles_and_notes_may_be_reworded(con):
    load(con, payload_of("1"), series([(0, 1.0)], JAN))
    load(
        con,
        payload_of("2"),
        series([(0, 1.0)], FEB, series=series_of("a", title="Better", notes="since 1990")),
    )
    assert con.execute("SELECT title, notes FROM raw.series").fetchall() == [("Better", "since 1990")]


@pytest.mark.parametrize(
    ("frequency", "periods", "missing"),
    [
        ("monthly", [date(2020, 1, 1), date(2020, 4, 1)], [date(2020, 2, 1), date(2020, 3, 1)]),
        ("quarterly", [date(2020, 1, 1), date(2020, 7, 1)], [date(2020, 4, 1)]),
        ("annual", [date(2018, 1, 1), date(2020, 1, 1)], [date(2019, 1, 1)]),
        ("daily", [date(2020, 2, 28), date(2020, 3, 1)], [date(2020, 2, 29)]),
    ],
)
def test_coverage_names_the_holes_of_a_vintage(con, frequency, periods, missing):
    rows = [("a", p, 1.0, JAN) for p in periods]
    load(con, payload_of("1"), observations(rows, series=series_of("a", frequency=frequency)))
    found = con.execute(
        "SELECT slice_id, cell_id, complete, first_period, last_period, missing_periods FROM raw.coverage"
    ).fetchall()
    assert found == [("a", None, False, periods[0], periods[-1], missing)]


def test_a_payload_larger_than_a_row_group_is_loaded_whole(con):
    """DuckDB 2.0.0 found no row of a temporary table once more than 122,880 had been inserted in the transaction."""
    n = 130_000
    frame = pl.DataFrame(
        {"series_id": "a", "period_start": pl.date_range(date(1600, 1, 1), date(2020, 1, 1), eager=True)[:n]}
    )
    frame = frame.with_columns(
        value=pl.lit(1.0),
        status=pl.lit("normal"),
        known_from=pl.lit(JAN, pl.Datetime("us")),
        known_from_basis=pl.lit("release"),
    )
    account = load(con, payload_of("1"), Parsed(OBSERVATION, frame, series_of("a", frequency="daily")))
    assert account.rows_appended == n
    assert con.execute("SELECT count(*) FROM raw.observation_current").fetchone() == (n,)
