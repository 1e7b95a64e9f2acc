"""Loading against the bare statement that does its diff, and reading the latest against the number of vintages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.store.loading import load
from orchestration.store.opened import open_store
from tests.bench.timing import compare, show
from tests.support.parsed import payload_of, series_of
from transforms.schema import OBSERVATION, Parsed

pytestmark = pytest.mark.bench

FIRST = datetime(2026, 1, 1)
#: the loader also checks every row, counts, and keeps metadata and coverage
LOADING_LIMIT = 3.0
#: the same rows are read; what differs is how they lie in the file
READING_LIMIT = 1.5
LATEST = "SELECT count(*), sum(value), max(known_from) FROM raw.observation_current"
BY_SERIES = "SELECT series_id, avg(value) FROM raw.observation_current GROUP BY series_id"


def vintage(number: int, series: int, months: int, changed_percent: int) -> pl.DataFrame:
    """Every month of every series as known on day `number`, of which `changed_percent` differ from the day before."""
    start = date(1985, 1, 1)
    periods = pl.DataFrame({"m": range(months)}).select(
        "m", period_start=pl.lit(start).dt.offset_by(pl.format("{}mo", "m"))
    )
    ids = pl.DataFrame({"s": range(series)}).select("s", series_id=pl.format("usa_series_{}", "s"))
    place = (pl.col("s") * months + pl.col("m")).cast(pl.Int64)
    # each key changes every (100 / changed_percent)th day
    generation = (pl.lit(number) + place % 100) * changed_percent // 100
    return ids.join(periods, how="cross").select(
        "series_id",
        "period_start",
        value=place.cast(pl.Float64) + generation.cast(pl.Float64) / 1000,
        status=pl.lit("normal"),
        known_from=pl.lit(FIRST + timedelta(days=number), pl.Datetime("us")),
        known_from_basis=pl.lit("release"),
    )


def bare(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, number: int) -> int:
    """What has to be done at least: compare with the current rows, append what differs, renew the current rows."""
    con.register("incoming", frame)
    con.execute("BEGIN TRANSACTION")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE change AS
            SELECT new.*, 'payload' AS payload_id, {number} AS load_id
            FROM incoming new LEFT JOIN raw.observation_current old
              ON new.series_id = old.series_id AND new.period_start = old.period_start
            WHERE old.status IS NULL OR new.value IS DISTINCT FROM old.value OR new.status IS DISTINCT FROM old.status"""
    )
    con.execute("INSERT INTO raw.observation BY NAME FROM change")
    con.execute(
        """MERGE INTO raw.observation_current old USING change new
           ON new.series_id = old.series_id AND new.period_start = old.period_start
           WHEN MATCHED THEN UPDATE SET value = new.value, status = new.status, known_from = new.known_from,
               known_from_basis = new.known_from_basis, payload_id = new.payload_id, load_id = new.load_id
           WHEN NOT MATCHED THEN INSERT BY NAME"""
    )
    con.execute("COMMIT")
    return con.execute("SELECT count(*) FROM change").fetchall()[0][0]


@pytest.fixture
def stores(tmp_path) -> Iterator[tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]]:
    with open_store(tmp_path / "ours.duckdb") as ours, open_store(tmp_path / "bare.duckdb") as base:
        yield ours, base


def test_loading_a_million_observations(stores):
    """2,500 series of 400 months, of which 1 % changed; and once more, of which none changed."""
    ours, base = stores
    shape = {"series": 2500, "months": 400, "changed_percent": 1}
    series = series_of(*(f"usa_series_{n}" for n in range(shape["series"])))
    days = {"ours": count(), "bare": count(), "again": count(1000)}
    frames = {n: vintage(n, **shape) for n in range(8)}
    assert (
        load(ours, payload_of("first"), Parsed(OBSERVATION, frames[0], series, True)).rows_appended
        == 1_000_000
    )
    assert bare(base, frames[0], 0) == 1_000_000
    next(days["ours"]), next(days["bare"])

    def load_next() -> None:
        number = next(days["ours"])
        account = load(ours, payload_of(str(number)), Parsed(OBSERVATION, frames[number], series, True))
        assert (account.rows_appended, account.rows_withdrawn) == (10_000, 0)

    def bare_next() -> None:
        number = next(days["bare"])
        assert bare(base, frames[number], number) == 10_000

    def load_same() -> None:
        number = next(days["again"])
        again = frames[6].with_columns(
            known_from=pl.lit(FIRST + timedelta(days=number - 900), pl.Datetime("us"))
        )
        assert not load(ours, payload_of(str(number)), Parsed(OBSERVATION, again, series, True)).changed

    changed = compare("load, 1 % changed", load_next, "bare diff, append and merge", bare_next)
    same = compare(
        "load, nothing changed", load_same, "bare, nothing changed", lambda: bare(base, frames[6], 99)
    )
    show("Loading 1,000,000 observations", [changed, same], LOADING_LIMIT)
    assert changed.ratio < LOADING_LIMIT


def store_with(path: Path, vintages: int) -> None:
    shape = {"series": 500, "months": 400, "changed_percent": 10}
    series = series_of(*(f"usa_series_{n}" for n in range(shape["series"])))
    with open_store(path) as con:
        for number in range(vintages):
            load(con, payload_of(str(number)), Parsed(OBSERVATION, vintage(number, **shape), series))


def read_latest(path: Path) -> None:
    """Read the current state of a store twenty times."""
    with open_store(path, read_only=True) as con:
        for _ in range(20):
            con.execute(LATEST).fetchall()
            con.execute(BY_SERIES).fetchall()


def test_reading_the_latest_does_not_slow_down_with_vintages(tmp_path):
    """200,000 keys after 1 vintage and after 40 (each 10 % changed: five times as many rows stored)."""
    for vintages in (1, 40):
        store_with(tmp_path / f"{vintages}.duckdb", vintages)
    one, forty = tmp_path / "1.duckdb", tmp_path / "40.duckdb"
    with open_store(forty, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM raw.observation").fetchall()[0][0] > 900_000
    measured = compare(
        "latest of 40 vintages",
        lambda: read_latest(forty),
        "latest of 1 vintage",
        lambda: read_latest(one),
        9,
    )
    show("Reading the latest, 40 reads of 200,000 keys", [measured], READING_LIMIT)
    assert measured.ratio < READING_LIMIT
