"""Bad payloads, killed processes and full disks: no bad row, no lost row, a clear reason, and the next run goes on.

The payloads are the bundled BLS figures, one file a vintage (tests/support/vintage_case.py).
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.exceptions import PanicException

from orchestration.base.errors import ArchiveError, PayloadError, StoreError
from orchestration.base.settings import PROJECT, Settings
from orchestration.sources.registry import SOURCES
from orchestration.store.archive import Archive, ArchivedPayload, Quarantined
from orchestration.store.ingest import register_sources
from orchestration.store.loading import LoadAccount, load
from orchestration.store.opened import open_store
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.support import vintage_case
from tests.support.parsed import payload_of, series_of, settings_at
from tests.support.patience import PATIENCE
from tests.support.vintage_case import SERIES, content_of, fingerprint, take_in, vintages
from transforms.schema import OBSERVATION, Parsed

WORKER = Path(__file__).with_name("loading_worker.py")
LATER = datetime(2026, 11, 21)


@pytest.fixture
def home(tmp_path) -> Settings:
    return settings_at(tmp_path / "a home")


@contextmanager
def filled(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A store with the first three vintages, open."""
    with open_store(home.store) as con:
        for known_from, frame in vintages()[:3]:
            take_in(home, con, frame, known_from)
        yield con


@pytest.fixture
def con(home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, open as long as the test."""
    with filled(home) as con:
        yield con


def revised(known_from: datetime = LATER) -> pl.DataFrame:
    """The third vintage again, as known later: a whole vintage without news."""
    return vintages()[2][1].with_columns(known_from=pl.lit(known_from, pl.Datetime("us")))


def damaged() -> dict[str, tuple[bytes, str]]:
    """Content and what its reason must say."""
    whole = content_of(revised())
    flows = (PROJECT / "warehouse" / "figures" / "trade_flow_usitc_hs87.parquet").read_bytes()
    text = revised().with_columns(pl.col("value").cast(pl.String))
    twice = pl.concat([revised(), revised().with_columns(pl.col("value") + 1)])
    return {
        "empty": (b"", "empty"),
        "cut in half": (whole[: len(whole) // 2], "not a readable Parquet file"),
        "last byte lost": (whole[:-1], "not a readable Parquet file"),
        "zeros in the middle": (
            whole[:200] + bytes(len(whole) - 400) + whole[-200:],
            "not a readable Parquet file",
        ),
        "a web page": (b"<!DOCTYPE html><title>Service unavailable</title>", "not a readable Parquet file"),
        "another column": (
            content_of(revised().rename({"value": "amount"})),
            "missing ['value'], unknown ['amount']",
        ),
        "another table": (flows, "columns do not match"),
        "text for numbers": (content_of(text), "value is String, not Float64"),
        "no rows": (content_of(revised().clear()), "no rows"),
        "contradicting rows": (content_of(twice), "contradicting rows"),
        "unknown series": (content_of(revised().with_columns(series_id=pl.lit("nobody"))), "nobody"),
    }


@pytest.mark.parametrize("case", damaged())
def test_a_damaged_payload_is_set_aside_and_nothing_else_changes(home, con, case):
    """Half a file loaded as if the agency had withdrawn the rest, or a bad file kept as the last good one."""
    content, reason = damaged()[case]
    before, last = fingerprint(con), Archive(home).latest("bls", "ces")
    outcome = take_in(home, con, content, LATER, complete=True)
    assert isinstance(outcome, Quarantined)
    assert reason in outcome.reason
    assert outcome.path.read_bytes() == content
    assert Archive(home).quarantined() == [outcome]
    assert fingerprint(con) == before
    assert Archive(home).latest("bls", "ces") == last
    assert isinstance(take_in(home, con, revised(), LATER), LoadAccount), "the next good payload is loaded"


def test_random_damage_never_escapes_as_another_error(home, con):
    """Some damage makes a decoder panic; a refresh of twenty sources must not die of one file."""
    whole = content_of(revised())
    chance = random.Random(20261121)
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(chance.choice([1, 8, 64])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        outcome = take_in(
            home, con, bytes(content[: chance.choice([len(content), chance.randrange(len(content))])]), LATER
        )
        assert isinstance(outcome, Quarantined | LoadAccount)
    assert con.execute("SELECT count(*) FROM raw.observation WHERE NOT isfinite(value)").fetchone() == (0,)


@pytest.mark.parametrize("error", [KeyError, PanicException, RecursionError])
def test_whatever_a_parser_raises_sets_its_payload_aside(home, con, monkeypatch, error):
    # a class and not an instance: that would keep the frames it passed through, and their connections, to the end of the run
    def fail(*_args, **_kwargs):
        raise error("Results")

    monkeypatch.setattr(vintage_case, "parse", fail)
    outcome = take_in(home, con, b"unheard of", LATER)
    assert isinstance(outcome, Quarantined)
    assert error.__name__ in outcome.reason


def test_a_series_in_another_unit_is_set_aside(home, con, monkeypatch):
    """Persons after thousands of persons: a jump by a thousand in the middle of a series."""
    catalogue = vintage_case.load_series_catalogue()
    ones = pl.when(pl.col("series_id") == SERIES).then(1).otherwise(pl.col("unit_multiplier"))
    other = catalogue.with_columns(unit_multiplier=ones)
    monkeypatch.setattr(vintage_case, "load_series_catalogue", lambda: other)
    before = fingerprint(con)
    outcome = take_in(home, con, revised(), LATER)
    assert isinstance(outcome, Quarantined)
    assert f"series {SERIES} changes unit_multiplier 1000 -> 1" in outcome.reason
    assert fingerprint(con) == before


def test_bad_rows_are_rejected_one_by_one_and_the_rest_is_loaded(home, con):
    """NaN, infinities, a month to come, a repeated row: counted, kept with their reason, none in the store."""
    news = revised().filter(pl.col("series_id") == SERIES).with_columns(pl.col("value") + 1)
    bad = news.tail(4).with_columns(
        value=pl.Series([float("nan"), float("inf"), float("-inf"), 12000.0]),
        period_start=pl.Series([*news.tail(3)["period_start"].dt.offset_by("3mo"), date(2031, 1, 1)]),
    )
    outcome = take_in(home, con, pl.concat([news, bad, news.head(1)]), LATER, complete=True)
    assert (outcome.rows_in, outcome.rows_rejected) == (news.height + 5, 5)
    assert (outcome.rows_appended, outcome.rows_withdrawn) == (news.height, 0)
    reasons = " ".join(r for (r,) in con.execute("SELECT reason FROM raw.rejected_row").fetchall())
    assert all(word in reasons for word in ("NaN", "infinite", "future", "again"))
    held = con.execute(
        "SELECT count(*) FROM raw.observation WHERE NOT isfinite(value) OR period_start > '2030-01-01'"
    ).fetchone()
    assert held == (0,)


def known_now(con: duckdb.DuckDBPyConnection) -> dict[date, tuple[float | None, str]]:
    rows = con.execute(
        "SELECT period_start, value, status FROM raw.observation_current WHERE series_id = ?", [SERIES]
    ).fetchall()
    return {period: (value, status) for period, value, status in rows}


@pytest.mark.parametrize("complete", [False, True], ids=["partial", "complete"])
def test_a_vintage_with_a_month_missing(home, con, complete):
    """A real defect of a public copy: one month is not there. In a part of a series that says nothing."""
    before = known_now(con)
    day = timedelta(days=1)
    vintage = revised(LATER - day).filter(pl.col("series_id") == SERIES)
    lost = vintage["period_start"][vintage.height // 2]
    outcome = take_in(
        home, con, vintage.filter(pl.col("period_start") != lost), LATER - day, complete=complete
    )
    assert outcome.rows_withdrawn == int(complete)
    expected = before | ({lost: (None, "withdrawn")} if complete else {})
    assert known_now(con) == expected
    whole = revised().filter(pl.col("series_id") == SERIES)
    take_in(home, con, whole, LATER, complete=complete)
    assert known_now(con) == before, "the month is back with the next vintage"


def parser_of(_payload: ArchivedPayload):
    return lambda content: vintage_case.parse(content, complete=_payload.extra["complete"])


def test_the_store_comes_back_from_the_archive_alone(home):
    """An archive that lacks something of the store: then a lost store is lost for good."""
    with open_store(home.store) as con:
        register_sources(con, SOURCES)
        for n, (known_from, frame) in enumerate(vintages()):
            if n == 4:
                take_in(home, con, b"<html>", known_from - timedelta(hours=1))
            take_in(home, con, frame, known_from, complete=n % 2 == 0)
        take_in(home, con, vintages()[-2][1], vintages()[-1][0] + timedelta(days=1))  # taken back: A, B, A
        before, sources = fingerprint(con), con.execute("FROM raw.source ORDER BY ALL").fetchall()
    home.store.write_bytes(b"lost")
    accounts = rebuild_store_from_archive(home, parser_of, lambda con: register_sources(con, SOURCES))
    assert len(accounts) == len(vintages()) + 1
    with open_store(home.store, read_only=True) as con:
        assert fingerprint(con) == before
        assert con.execute("FROM raw.source ORDER BY ALL").fetchall() == sources
    assert sorted(p.name for p in home.store.parent.iterdir()) == ["store.duckdb"]


def test_a_rebuild_that_fails_leaves_the_store_as_it_was(home):
    """A damaged archive, or a parser that no longer reads an old payload, must not cost the store."""
    with filled(home) as con:
        before = fingerprint(con)
    payload = Archive(home).payloads()[1]

    def unreadable(other: ArchivedPayload):
        if other == payload:
            return lambda _content: {}["gone"]
        return parser_of(other)

    with pytest.raises(PayloadError, match=f"{payload.payload_id} cannot be loaded any more"):
        rebuild_store_from_archive(home, unreadable, lambda _con: None)
    path = home.archive / payload.archive_path
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match=f"{payload.payload_id}: its bytes are damaged"):
        rebuild_store_from_archive(home, parser_of, lambda _con: None)
    with open_store(home.store, read_only=True) as con:
        assert fingerprint(con) == before


def test_a_killed_load_is_repaired_by_the_next_run(tmp_path):
    """kill -9 at eight random moments: the store opens, holds whole loads only, and the end is the same."""
    states = []
    calm = settings_at(tmp_path / "calm")
    with open_store(calm.store) as con:
        states.append(fingerprint(con))
        for known_from, frame in vintages():
            take_in(calm, con, frame, known_from)
            states.append(fingerprint(con))

    chance = random.Random(8)
    home = settings_at(tmp_path / "home")
    worker = [sys.executable, "-u", str(WORKER), str(home.home)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    loads, seen = 0, set()
    for _ in range(8):
        with subprocess.Popen(worker, cwd=PROJECT, env=environment, stdout=subprocess.PIPE) as process:
            for _ in range(loads + chance.randint(0, 2)):
                process.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=chance.uniform(0, 0.1))
            process.kill()
        with open_store(home.store) as con:
            (loads,) = con.execute("SELECT count(*) FROM raw.load").fetchone()
            assert fingerprint(con) == states[loads], f"after {loads} loads"
        seen.add(loads)
        for payload in Archive(home).payloads():
            Archive(home).read(payload)
    assert len(seen) > 2, "no process was killed in the middle of its work"
    subprocess.run(
        worker, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE
    )
    with open_store(home.store, read_only=True) as con:
        assert fingerprint(con) == states[-1]


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[], object]]:
    """A disk of 12 MB in place of `folder` (only root may mount one); gives what makes it larger."""

    def mount(*options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    if mount("size=12m"):
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield lambda: mount("remount", "size=200m")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def small_files(_folder: Path) -> Iterator[Callable[[], object]]:
    """No file may grow beyond 12 MB (RLIMIT_FSIZE), as under a quota; gives what lifts the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12 << 20, hard))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("limited", [small_disk, small_files])
def test_a_full_disk_is_named_and_costs_nothing(tmp_path, limited):
    """A refresh that dies of a full disk and takes the store with it, or says nothing of the disk."""
    home = settings_at(tmp_path / "home")
    home.home.mkdir()
    numbers = pl.DataFrame({"n": range(600_000)})
    large = numbers.select(
        series_id=pl.format("{}_{}", pl.lit(SERIES), pl.col("n") // 600),
        period_start=pl.date(1970, 1, 1).dt.offset_by(pl.format("{}mo", pl.col("n") % 600)),
        value=pl.col("n").hash(seed=1) / 2**32,  # not compressible: 5 MB a table
        status=pl.lit("normal"),
        known_from=pl.lit(LATER, pl.Datetime("us")),
        known_from_basis=pl.lit("release"),
    )
    parsed = Parsed(OBSERVATION, large, series_of(*large["series_id"].unique()))
    payload = payload_of("large", retrieved_at=LATER)
    with limited(home.home) as make_room:
        with open_store(home.store) as con:
            for known_from, frame in vintages()[:2]:
                take_in(home, con, frame, known_from)
            before = fingerprint(con)
        archive = Archive(home)
        too_much = random.Random(1).randbytes(13 << 20)
        with pytest.raises(ArchiveError, match=r"nothing was changed\. Free space"):
            archive.put(too_much, source_id="bls", dataset="x", request_url="u", retrieved_at=LATER)
        assert len(archive.payloads()) == 2
        with (
            open_store(home.store) as con,
            pytest.raises(StoreError, match=r"was undone: .*; free disk space"),
        ):
            load(con, payload, parsed)
        with open_store(home.store) as con:
            assert fingerprint(con) == before
        make_room()
        with open_store(home.store) as con:
            assert load(con, payload, parsed).rows_appended == large.height
