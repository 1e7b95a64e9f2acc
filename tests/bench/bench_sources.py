"""Live answers of US sources: parsing and loading against what DuckDB's own readers need for the same bytes.

pandas, where it is installed, is a second baseline; it is no dependency of this project.
"""

from __future__ import annotations

import importlib.util
import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from itertools import count

import duckdb
import polars as pl
import pytest

from orchestration.http import Client
from orchestration.loading import load
from orchestration.settings import Settings
from orchestration.sources import bls, bts, census
from orchestration.sources.series_reply import trade_parsed
from orchestration.sources.spec import Dataset
from orchestration.store import open_store
from tests.bench.timing import Measured, compare, show
from tests.bundled import read
from tests.parsed import payload_of
from tests.replay.bls import PublicData
from tests.replay.bts import FileServer
from tests.replay.census import TradeApi
from tests.replay.server import Call, ReplayServer, Reply
from tests.source_case import context, refresh, settings_at, unpaced
from transforms.parse import bts as bts_format
from transforms.parse import census as census_format

pytestmark = pytest.mark.bench

RETRIEVED = datetime(2026, 11, 20)
#: of DuckDB's reader into a table
READER_LIMIT = 2.0
#: the store writes each row into two tables, sorted, after checking it and comparing it with what is known
STORE_LIMIT = 6.0
#: seconds of CPU beyond those of the requests, for a source where nothing changed
UNCHANGED_LIMIT = 1.0
HAS_PANDAS = importlib.util.find_spec("pandas") is not None


@pytest.fixture(scope="module")
def reply() -> bytes:
    """211,086 rows in the layout of the API: every bundled import by chapter, three headings in place of each chapter."""
    cells = (
        read("trade_flow_census_hs2")
        .sort("known_from")
        .group_by("partner_code", "product_code", "period_start", maintain_order=True)
        .agg(pl.col("value_usd").last())
    )
    rows = [
        [str(value), "HS4", f"{chapter}{number}", partner, f"{period:%Y-%m}"]
        for partner, chapter, period, value in cells.rows()
        for number in ("01", "02", "03")
    ]
    return json.dumps([["ALL_VAL_MO", "COMM_LVL", "E_COMMODITY", "CTY_CODE", "time"], *rows]).encode()


def test_a_census_reply_of_200_000_rows(reply, tmp_path):
    path = tmp_path / "reply.json"
    path.write_bytes(reply)
    number = count()
    con = duckdb.connect(str(tmp_path / "tables.duckdb"))

    def read_json_as_it_is() -> None:
        con.execute(f"CREATE OR REPLACE TABLE theirs AS FROM read_json('{path}')")

    def read_json() -> None:
        con.execute(
            f"""CREATE OR REPLACE TABLE theirs AS
                SELECT 'USA' AS reporter_iso3, json[4] AS partner_code, 'exports' AS flow, 'total_exports' AS basis,
                       'HS' AS classification, CASE WHEN json[5] >= '2022' THEN '2022' WHEN json[5] >= '2017' THEN '2017'
                       ELSE '2012' END AS classification_version, json[2][3:]::SMALLINT AS product_level,
                       json[3] AS product_code, (json[5] || '-01')::DATE AS period_start, json[1]::BIGINT AS value_usd,
                       NULL::BIGINT AS duty_usd, NULL::DOUBLE AS quantity, NULL::VARCHAR AS quantity_unit,
                       'census' AS source_id, 'normal' AS status
                FROM (SELECT json FROM read_json('{path}') OFFSET 1)"""
        )

    def parse_into_table() -> None:
        frame = census_format.parse_reply(reply, flow="exports").frame
        con.register("incoming", frame)
        con.execute("CREATE OR REPLACE TABLE ours AS FROM incoming")
        con.unregister("incoming")

    def parse_into_store() -> None:
        parsed = trade_parsed(
            census_format.parse_reply(reply, flow="exports"), source="census", retrieved_at=RETRIEVED
        )
        with open_store(tmp_path / f"store{next(number)}.duckdb") as store:
            account = load(store, payload_of("reply", retrieved_at=RETRIEVED), parsed)
        assert account.rows_appended == parsed.frame.height

    done = "parsed, checked, into a table"
    rows = [
        compare(done, parse_into_table, "read_json, typed, into the same table", read_json),
        compare(done, parse_into_table, "read_json, lists of texts into a table", read_json_as_it_is),
    ]
    stored = compare("parsed and loaded as a vintage", parse_into_store, "read_json, typed", read_json, 3)
    if HAS_PANDAS:
        rows.append(compare(done, parse_into_table, "pandas", _pandas_json(reply)))
    lines = reply.count(b"], [")
    show(f"Census reply, {lines:,} rows, {len(reply) / 1e6:.0f} MB", rows, READER_LIMIT)
    show("the same, with what a store of vintages needs", [stored], STORE_LIMIT)
    read_json()
    assert con.execute("FROM ours EXCEPT ALL FROM theirs").fetchall() == []
    assert con.execute("SELECT count(*) FROM ours").fetchall() == [(lines,)]
    assert rows[0].ratio < READER_LIMIT
    assert stored.ratio < STORE_LIMIT


def _pandas_json(content: bytes) -> Callable[[], object]:
    def run() -> object:
        import pandas

        header, *lines = json.loads(content)
        frame = pandas.DataFrame(lines, columns=header)
        frame["ALL_VAL_MO"] = frame["ALL_VAL_MO"].astype("int64")
        return frame.assign(period_start=pandas.to_datetime(frame["time"] + "-01"))

    return run


@pytest.mark.recorded
def test_a_transborder_month(shared_data, tmp_path):
    """dot1, dot2 and dot3 of September 2024: 28,000, 74,000 and 17,000 rows. Ours also sums and compares them."""
    content = (shared_data / "payloads" / "bts_transborder" / "transborder_0924.zip").read_bytes()
    con = duckdb.connect()
    names = ("dot1", "dot2", "dot3")

    def read_csv() -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(tmp_path)
        for name in names:
            con.execute(f"CREATE OR REPLACE TABLE {name} AS FROM read_csv('{tmp_path}/{name}_0924.csv')")

    def parse() -> None:
        bts_format.parse_months(content, [date(2024, 9, 1)], known_from=RETRIEVED, chapters=bts.CHAPTERS)

    rows = [compare("unpacked, typed, checked, summed", parse, "unpack and read_csv, three tables", read_csv)]
    if HAS_PANDAS:
        rows.append(compare("unpacked, typed, checked, summed", parse, "pandas", _pandas_csv(content)))
    show("TransBorder month", rows, READER_LIMIT)
    assert rows[0].ratio < READER_LIMIT


def _pandas_csv(content: bytes) -> Callable[[], object]:
    def run() -> object:
        import pandas

        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [pandas.read_csv(archive.open(name)) for name in archive.namelist()]

    return run


class Canned:
    """An agency that answers each question once and then from memory, so that its own work is not measured."""

    def __init__(self, respond: Callable[[Call], Reply]) -> None:
        self._respond, self._known = respond, {}

    def __call__(self, call: Call) -> Reply:
        question = (call.path, str(sorted(call.query.items())), call.body)
        if question not in self._known:
            self._known[question] = self._respond(call)
        return self._known[question]


SOURCES = {
    "bls": (bls.DATASETS, {"BLS": PublicData}, {"HEADWAY_BLS_KEY": PublicData.key}, date(2026, 11, 20)),
    "census": (
        census.DATASETS,
        {"CENSUS": TradeApi},
        {"HEADWAY_CENSUS_KEY": TradeApi.key},
        date(2019, 3, 20),
    ),
    "bts": (bts.DATASETS, {"BTS": FileServer}, {}, date(2024, 11, 20)),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_refresh_in_which_nothing_changed(source, replay: ReplayServer, monkeypatch, tmp_path):
    datasets, servers, keys, today = SOURCES[source]
    for api, server in servers.items():
        replay.serve(api, Canned(server()))
    for variable, key in keys.items():
        monkeypatch.setenv(variable, key)
    settings = settings_at(tmp_path / "home")
    refresh(settings, datasets, today=today)

    asking = min(_cpu(lambda: _only_ask(datasets, today)) for _ in range(3))
    whole = min(_cpu(lambda: _unchanged(settings, datasets, today)) for _ in range(3))
    beyond = whole - asking
    show(
        f"{source}: CPU of a refresh without changes beyond its requests, limit {UNCHANGED_LIMIT:g} s",
        [Measured("refresh", "the requests alone", whole, asking, whole / asking)],
        float("inf"),
    )
    assert beyond < UNCHANGED_LIMIT


def _cpu(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def _only_ask(datasets: tuple[Dataset, ...], today: date) -> None:
    for dataset in unpaced(datasets):
        with Client(dataset.api) as client:
            for request in dataset.plan(context(today)):
                client.fetch(request, lambda response: response)


def _unchanged(settings: Settings, datasets: tuple[Dataset, ...], today: date) -> None:
    outcome = refresh(settings, datasets, today=today)
    assert not outcome.changed and sum(d.fetched for d in outcome.datasets) == 0
