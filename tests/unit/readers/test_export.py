"""Exports: every row and value arrives in each format, or nothing does."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import json
import os
import shutil
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest

from orchestration.base.errors import HeadwayError, ReleaseError, UsageError
from orchestration.base.files import sha256_of
from orchestration.base.progress import listening
from orchestration.base.settings import Settings
from orchestration.readers import export as exporting
from orchestration.readers import workbook
from orchestration.readers.export import export
from tests.support import reading_case

#: one table with what breaks formats: each row says what it is there for
AWKWARD = """
CREATE TABLE awkward (why VARCHAR, t VARCHAR, n DOUBLE, big BIGINT, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, flag BOOLEAN,
    items VARCHAR[], numbers INTEGER[], pair STRUCT(a INTEGER, b VARCHAR));
INSERT INTO awkward VALUES
    ('plain', 'text', 1.5, 7, '2018-01-29', '2026-02-15 13:30:00', '2026-02-15 08:30:00-05', true, ['a', 'b'], [1, 2], {a: 1, b: 'x'}),
    ('nulls', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('empty', '', 0, 0, '1900-01-01', '1970-01-01', '1970-01-01 00:00:00+00', false, [], [], {a: NULL, b: ''}),
    ('formula', '=cmd|'' /C calc''!A0', -1, 0, '2018-01-29', '2026-02-15', '2026-02-15 00:00:00+00', true, ['=1+1'], [], {a: 1, b: '='}),
    ('quotes', 'a "b", c' || chr(10) || 'd', 0.1::DOUBLE + 0.2::DOUBLE, 9007199254740993, '1850-06-01', '2026-02-15 13:30:00.123456',
     '2026-02-15 00:00:00+00', true, ['a;b', 'c\\d', 'e'], [NULL, 3], {a: 1, b: '"'}),
    ('dash', '-', 'inf', -9007199254740993, '2018-01-29', '2026-02-15', '2026-02-15 00:00:00+00', true, ['http://x'], [], NULL),
    ('nan', 'http://example.org', 'nan', 1, '2018-01-29', '2026-02-15', '2026-02-15 00:00:00+00', true, [], [], NULL);
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = reading_case.settings(tmp_path_factory.mktemp("the user's home"))
    reading_case.write_release(settings, sql=AWKWARD)
    return settings


def released(home: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(home.current_database), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(query).fetchall()


def public_tables(home: Settings) -> set[str]:
    return {name for (name,) in released(home, "select table_name from information_schema.tables")}


# --- whole and exact ---


@pytest.mark.slow
@pytest.mark.parametrize("fmt", exporting.FORMATS)
def test_every_public_table_and_view_is_written_with_all_its_rows(home: Settings, tmp_path: Path, fmt: str):
    done = export(home, tmp_path / "out", fmt)
    assert {file.table for file in done.files} == public_tables(home)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *(f"{t}.{fmt}" for t in public_tables(home)),
        "README.md",
    }
    for file in done.files:
        rows = released(home, f"select count(*) from {file.table}")[0][0]
        assert file.rows == rows
        assert file.bytes == file.path.stat().st_size > 0
        if fmt == "parquet":
            assert pl.read_parquet(file.path).height == rows
        elif fmt == "csv":
            with file.path.open(encoding="utf-8", newline="") as lines:
                assert sum(1 for _ in csv.reader(lines)) == rows + 1
        else:
            assert openpyxl.load_workbook(file.path).worksheets[0].max_row == rows + 1


@pytest.mark.parametrize("damaged", [False, True])
def test_the_parquet_file_of_the_release_is_handed_out_where_it_is_whole(
    home: Settings, tmp_path: Path, damaged: bool
):
    """A flipped bit would be handed on with the table's name; files that are written again cost as much as the writing of the release did."""
    own = Settings(home.project, tmp_path / "home")
    shutil.copytree(home.home, own.home, symlinks=True)
    release = own.current_database.resolve().parent
    release.chmod(0o755)
    (release / "parquet").mkdir(exist_ok=True)
    published = release / "parquet" / "awkward.parquet"
    with duckdb.connect(str(own.current_database), read_only=True) as con:
        con.execute(f"COPY awkward TO '{published}' (FORMAT parquet, KV_METADATA {{made: 'by the release'}})")
        (rows,) = con.execute("SELECT count(*) FROM awkward").fetchone()
    record = json.loads((release / "release.json").read_text())
    facts = {"bytes": published.stat().st_size, "sha256": sha256_of(published)}
    record["files"] = {**record.get("files", {}), "parquet/awkward.parquet": facts}
    record["rows"] = {**record.get("rows", {}), "awkward": rows}
    (release / "release.json").chmod(0o644)
    (release / "release.json").write_text(json.dumps(record))
    if damaged:
        content = bytearray(published.read_bytes())
        content[len(content) // 2] ^= 1
        published.write_bytes(content)
    export(own, tmp_path / "out", "parquet", tables=["awkward"])
    copied = (tmp_path / "out" / "awkward.parquet").read_bytes() == published.read_bytes()
    assert copied is not damaged
    assert pl.read_parquet(tmp_path / "out" / "awkward.parquet").height == rows


def test_parquet_is_the_table_itself(home: Settings, tmp_path: Path):
    export(home, tmp_path / "out", "parquet", tables=["awkward"])
    file = str(tmp_path / "out" / "awkward.parquet").replace("'", "''")
    with duckdb.connect(str(home.current_database), read_only=True) as con:
        assert con.execute(f"select count(*) from (from awkward except all from '{file}')").fetchall() == [
            (0,)
        ]
        types = {name: kind for name, kind, *_ in con.execute(f"describe from '{file}'").fetchall()}
    assert types["items"] == "VARCHAR[]"
    assert types["tz"] == "TIMESTAMP WITH TIME ZONE"


def awkward_csv(home: Settings, tmp_path: Path) -> dict[str, dict[str, str]]:
    export(home, tmp_path / "out", "csv", tables=["awkward"])
    content = (tmp_path / "out" / "awkward.csv").read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    rows = csv.DictReader(content.decode("utf-8").splitlines(keepends=True))
    return {row["why"]: row for row in rows}


def test_csv_cells_are_exactly_the_data(home: Settings, tmp_path: Path):
    rows = awkward_csv(home, tmp_path)
    plain, quotes = rows["plain"], rows["quotes"]
    assert (plain["d"], plain["ts"], plain["tz"]) == (
        "2018-01-29",
        "2026-02-15T13:30:00Z",
        "2026-02-15T13:30:00Z",
    )
    assert quotes["ts"] == "2026-02-15T13:30:00.123456Z"
    assert (plain["flag"], plain["pair"]) == ("true", '{"a":1,"b":"x"}')
    assert quotes["t"] == 'a "b", c\nd'
    assert float(quotes["n"]) == 0.1 + 0.2
    assert int(quotes["big"]) == 9007199254740993
    assert rows["formula"]["t"] == "=cmd|' /C calc'!A0"
    assert rows["dash"]["t"] == "-"


def test_csv_tells_no_value_from_an_empty_text(home: Settings, tmp_path: Path):
    awkward_csv(home, tmp_path)
    lines = (tmp_path / "out" / "awkward.csv").read_text(encoding="utf-8").splitlines()
    assert next(line for line in lines if line.startswith("nulls")) == "nulls,,,,,,,,,,"
    assert next(line for line in lines if line.startswith("empty")).startswith('empty,"",0.0,0,')


def test_list_items_survive_a_separator_inside_them(home: Settings, tmp_path: Path):
    def items(cell: str) -> list[str]:
        """Reads what the README promises: ; separates, \\ takes the next character as it is."""
        found, escaped = [""], False
        for char in cell:
            if escaped or char not in "\\;":
                found[-1] += char
                escaped = False
            elif char == "\\":
                escaped = True
            else:
                found.append("")
        return found

    rows = awkward_csv(home, tmp_path)
    assert rows["plain"]["numbers"] == "1;2"
    assert rows["quotes"]["items"] == r"a\;b;c\\d;e"
    assert items(rows["quotes"]["items"]) == ["a;b", "c\\d", "e"]
    assert items(rows["plain"]["items"]) == ["a", "b"]


def test_xlsx_cells_have_types_and_never_formulas(home: Settings, tmp_path: Path):
    export(home, tmp_path / "out", "xlsx", tables=["awkward"])
    book = openpyxl.load_workbook(tmp_path / "out" / "awkward.xlsx")
    header, *cells = book["awkward"].iter_rows()
    names = [cell.value for cell in header]
    rows = {row[0].value: dict(zip(names, row, strict=True)) for row in cells}
    assert all(cell.data_type != "f" and cell.hyperlink is None for row in cells for cell in row)
    assert rows["formula"]["t"].value == "=cmd|' /C calc'!A0"
    assert rows["plain"]["d"].value == dt.datetime(2018, 1, 29)
    assert rows["plain"]["ts"].value == rows["plain"]["tz"].value == dt.datetime(2026, 2, 15, 13, 30)
    assert rows["plain"]["n"].value == 1.5 and rows["plain"]["flag"].value is True
    assert rows["quotes"]["big"].value == "9007199254740993", "a double would end in ...992"
    assert rows["quotes"]["d"].value == "1850-06-01"
    assert (rows["dash"]["n"].value, rows["nan"]["n"].value) == ("inf", "nan")
    assert {cell.value for cell in rows["nulls"].values()} == {"nulls", None}


@pytest.mark.slow
def test_a_table_longer_than_a_sheet_goes_on_in_the_next(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(workbook, "SHEET_ROWS", 21)
    monkeypatch.setattr(workbook, "_CHUNK", 7)
    export(home, tmp_path / "out", "xlsx", tables=["fct_observation", "dim_event"])
    book = openpyxl.load_workbook(tmp_path / "out" / "fct_observation.xlsx")
    assert book.sheetnames == ["fct_observation", "fct_observation_2", "fct_observation_3", "about"]
    data = [list(sheet.values) for sheet in book.worksheets[:3]]
    assert {sheet[0] for sheet in data} == {data[0][0]}, "each sheet has the header"
    assert [len(sheet) - 1 for sheet in data] == [20, 20, 10]
    values = [row[data[0][0].index("value")] for sheet in data for row in sheet[1:]]
    assert values == [value for (value,) in released(home, "select value from fct_observation")]


def test_a_text_too_long_for_a_cell_is_refused_and_not_cut(tmp_path: Path):
    home = reading_case.settings(tmp_path / "home")
    reading_case.write_release(
        home, sql="CREATE TABLE long AS SELECT repeat('x', 32768) AS t, [repeat('y', 9)] AS l"
    )
    with pytest.raises(UsageError, match=r"32,768 characters in long\.t"):
        export(home, tmp_path / "out", "xlsx", tables=["long"])
    assert not (tmp_path / "out").exists()
    assert export(home, tmp_path / "out", "csv", tables=["long"]).files[0].rows == 1


@pytest.mark.slow
def test_one_table_that_fits_no_workbook_costs_the_export_that_table_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """An export of everything failed at its first list of 47,255 characters, and took half an hour before that."""
    home = reading_case.settings(tmp_path / "home")
    reading_case.write_release(home, sql="CREATE TABLE long AS SELECT repeat('x', 32768) AS t")
    monkeypatch.setattr(exporting, "WORKBOOK_CELLS", 400)
    done = export(home, tmp_path / "out", "xlsx")
    large = {"fct_observation", "fct_observation_vintage"}
    assert {file.table for file in done.files} == public_tables(home) - large - {"long"}
    assert [reason.split(" (")[0] for reason in done.left_out] == [*sorted(large), "long"]
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "Left out: fct_observation (50 rows of " in readme and "32,768 characters in long.t" in readme
    named = export(home, tmp_path / "named", "xlsx", tables=["fct_observation"])
    assert (named.files[0].rows, named.left_out) == (50, [])


def test_columns_are_as_wide_as_their_values_and_the_header_stays(home: Settings, tmp_path: Path):
    export(home, tmp_path / "out", "xlsx", tables=["dim_event"])
    sheet = openpyxl.load_workbook(tmp_path / "out" / "dim_event.xlsx")["dim_event"]
    width = {cell.value: sheet.column_dimensions[cell.column_letter].width for cell in sheet[1]}
    assert sheet.freeze_panes == "A2"
    assert 11 <= width["event_date"] < 14, "a day would show as ####"
    assert 34 < width["title"] < 40, "as long as the longest title here, of 34 characters"
    assert sheet.dimensions.startswith("A1:") and sheet.dimensions.endswith(str(sheet.max_row))


# --- the README ---


def test_the_readme_explains_columns_and_names_licences(home: Settings, tmp_path: Path):
    done = export(home, tmp_path / "out", "csv", tables=["dim_event"])
    readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "release r1, as csv" in readme
    assert "| topics | VARCHAR[] | what it was about \\| of a closed list |" in readme
    assert "| U.S. Census Bureau | public domain | Source: Census \\| FT-900 |" in readme
    assert "Not to be passed on" not in readme
    assert done.restricted == []


def test_figures_that_may_not_be_passed_on_are_named(tmp_path: Path):
    home = reading_case.settings(tmp_path / "home")
    licensed = (
        "('user_wards', 'Wards', 'x', '', 'subscription (redistribution not permitted)', 'Source: Wards')"
    )
    reading_case.write_release(
        home,
        sql=f"INSERT INTO dim_source (source_id, agency, title, homepage_url, licence, attribution) VALUES {licensed}",
    )
    assert export(home, tmp_path / "out", "csv", tables=["dim_event"]).restricted == ["Wards"]
    assert "Not to be passed on: holds figures of Wards" in (tmp_path / "out" / "README.md").read_text()


# --- where it writes ---


def test_a_folder_with_files_is_left_alone_unless_forced(home: Settings, tmp_path: Path):
    (tmp_path / "dim_event.csv").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine too")
    with pytest.raises(UsageError, match="not empty"):
        export(home, tmp_path, "csv", tables=["dim_event"])
    assert (tmp_path / "dim_event.csv").read_text() == "mine"
    export(home, tmp_path, "csv", tables=["dim_event"], force=True)
    assert (tmp_path / "dim_event.csv").read_text().startswith("event_id,")
    assert (tmp_path / "notes.txt").read_text() == "mine too"


def test_an_empty_or_missing_folder_is_filled_and_readable_by_others(home: Settings, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "new" / "deep"):
        export(home, out, "csv", tables=["dim_event"])
        assert sorted(path.name for path in out.iterdir()) == ["README.md", "dim_event.csv"]
        assert out.stat().st_mode & 0o055 == 0o055
        assert [p.name for p in out.parent.iterdir() if p.name.startswith(".")] == []


def test_a_disk_that_fills_up_leaves_the_folder_as_it_was(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "out"
    export(home, out, "csv", tables=["dim_event"])
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setitem(exporting._WRITERS, "csv", full)
    with pytest.raises(HeadwayError, match=r"No space left on device; nothing was exported"):
        export(home, out, "csv", force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_cannot_be_written_is_an_error_in_words(home: Settings, tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        export(home, tmp_path / "file", "csv")
    with pytest.raises(HeadwayError, match="cannot write to"):
        export(home, tmp_path / "file" / "below", "csv")


def test_a_release_is_never_written_into(home: Settings):
    for out in (home.current, home.releases / "r1" / "csv", home.releases):
        with pytest.raises(UsageError, match="inside a release"):
            export(home, out, "csv", force=True)


def test_unknown_tables_and_formats_name_the_known_ones(home: Settings, tmp_path: Path):
    with pytest.raises(UsageError, match=r"no table dim_events; the public ones are .*dim_event"):
        export(home, tmp_path / "out", "csv", tables=["dim_events"])
    with pytest.raises(UsageError, match="parquet, csv, xlsx"):
        export(home, tmp_path / "out", "json")
    with pytest.raises(ReleaseError, match="headway build"):
        export(reading_case.settings(tmp_path / "nowhere"), tmp_path / "out", "csv")
    assert not (tmp_path / "out").exists()


def test_progress_counts_the_tables(home: Settings, tmp_path: Path):
    said: list[tuple] = []
    with listening(lambda *what: said.append(what)):
        export(home, tmp_path / "out", "csv", tables=["dim_event", "dim_series", "dim_event"])
    # two tables are written at a time, and either may begin
    assert [(stage, done, total) for stage, _, done, total in said] == [
        ("export", 0, 2),
        ("export", 1, 2),
        ("export", 2, 2),
    ]
    assert [detail for _, detail, _, _ in said] in (
        ["dim_event", "dim_series", "README.md"],
        ["dim_series", "dim_event", "README.md"],
    )
