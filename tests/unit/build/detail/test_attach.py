"""detail.duckdb: an earlier day reads the files that were known then, and opens no other.

Prevents: a vintage of the evening of a day that is left out of that day, a month that is read twice after its year was compacted, a day
from which on nothing is read, lines that are each asked for their vintage.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.detail_catalogue import Catalogue, CompactYear, LakeFile, MonthVintage
from orchestration.build.detail.attach import files_by_day, write_attached
from orchestration.build.detail.duckdb_engine import selection
from orchestration.build.detail.relations import Relation
from tests.support.derived_case import made_up, write_lake
from transforms.detail_tables import DETAIL_TABLES

DAY = date(2026, 3, 1)
MONTHS = ["2024-11", "2024-12", "2025-01"]


def entry(month: str, vintage: str) -> MonthVintage:
    file = LakeFile(f"{month}/{vintage}", 1, 1, "0" * 64)
    return MonthVintage("imports", month, vintage, (file,), 1, 0, {}, "", "0" * 64, "")


def named(after: int, number: int) -> str:
    return f"{DAY + timedelta(days=after)}" + ("" if number == 1 else f".{number}")


@given(
    st.lists(
        st.tuples(st.sampled_from(MONTHS), st.integers(0, 6), st.integers(1, 2)), unique=True, max_size=9
    ),
    st.lists(st.integers(-1, 8), max_size=3),
)
def test_on_every_day_the_files_are_those_that_the_catalogue_chooses(added, compacted_on):
    """compacted_on: days on which the years were compacted as they were known then; the index keeps one a year, here all of them."""
    with TemporaryDirectory() as folder:
        lake = Catalogue(Path(folder), tuple(entry(month, named(after, n)) for month, after, n in added))
        years = []
        for place, after in enumerate(compacted_on):
            for year in ("2024", "2025"):
                chosen = [
                    e for e in lake.chosen("imports", DAY + timedelta(days=after)) if e.month.startswith(year)
                ]
                path = lake.compact / f"{year}-{place}"
                path.parent.mkdir(exist_ok=True)
                path.touch()
                members = tuple((e.month, e.vintage) for e in chosen)
                years.append(
                    CompactYear("imports", int(year), members, (LakeFile(path.name, 1, 1, "0" * 64),))
                )
        lake = Catalogue(lake.folder, lake.months, tuple(years))
        days, files, chosen = files_by_day("imports", lake)
        for after in range(-1, 9):
            day = DAY + timedelta(days=after)
            until = sum(known <= day for known in days)
            found = [files[place - 1] for place in chosen[until - 1]] if until else []
            assert found == [path.resolve() for path in lake.files("imports", day)], day


@pytest.fixture
def lake(tmp_path) -> Path:
    """Two months, the first known twice: (its folder)."""
    frames = {}
    for month, vintage in ((9, "2026-10-05"), (10, "2026-10-05"), (9, "2026-11-05")):
        first = date(2018, month, 1)
        frames["imports", first, vintage] = made_up("imports", first, vintage, 40 + month, products=20)
    write_lake(tmp_path / "detail", frames)
    return tmp_path / "detail"


def counted(con: duckdb.DuckDBPyConnection, day: str, name: str = "detail") -> list[tuple[int, int]]:
    query = f"SELECT count(*), count(DISTINCT (month, vintage)) FROM {name}.imports_as_of({day})"
    return con.execute(query).fetchall()


def test_a_day_may_be_a_constant_or_an_answer_and_the_file_any_name(lake):
    file = write_attached(lake, Catalogue.load(lake), None)
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{file}' AS elsewhere (READ_ONLY)")
        for day, rows in (("2026-10-04", (0, 0)), ("2026-10-05", (99, 2)), ("2026-11-05", (99, 2))):
            assert counted(con, f"DATE '{day}'", "elsewhere") == [rows]
            assert counted(con, f"(SELECT max(d) FROM (VALUES (DATE '{day}')) AS t (d))", "elsewhere") == [
                rows
            ]
        # the columns are those of the latest, so that one can be put in place of the other
        columns = [name for name, *_ in con.execute("DESCRIBE FROM elsewhere.imports").fetchall()]
        as_of = con.execute("DESCRIBE FROM elsewhere.imports_as_of(DATE '2026-10-05')").fetchall()
        assert [name for name, *_ in as_of] == columns == list(DETAIL_TABLES["imports"].columns)
        # a flow that the lake does not have, on any day
        assert con.execute("SELECT count(*) FROM elsewhere.exports_as_of(DATE '2026-10-05')").fetchall() == [
            (0,)
        ]


def test_files_of_other_days_are_not_opened(lake):
    """A file that is no Parquet is an error as soon as it is opened."""
    file = write_attached(lake, Catalogue.load(lake), None)
    next(lake.rglob("vintage=2026-11-05/*.parquet")).write_bytes(b"no Parquet at all")
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{file}' AS detail (READ_ONLY)")
        assert counted(con, "DATE '2026-10-31'") == [(99, 2)]
        with pytest.raises(duckdb.Error):
            counted(con, "DATE '2026-11-05'")


def test_a_relation_without_files_has_its_columns_and_no_rows():
    with duckdb.connect() as con:
        found = con.sql(selection(Relation("r", {"a": "VARCHAR", "b": "BIGINT"}, ())))
        assert found.columns == ["a", "b"] and found.fetchall() == []
