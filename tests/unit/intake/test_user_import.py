"""Imports into archive and store: whole or not at all, repeatable, and there again after a rebuild."""

from __future__ import annotations

import hashlib
import shlex
import shutil
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from orchestration.base.errors import HeadwayError, PayloadError, UsageError, WriterBusyError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.user_import import (
    ImportFileError,
    import_file,
    imported_sources,
    parser_for,
    preview_import,
)
from orchestration.store.archive import Archive, ArchivedPayload
from orchestration.store.ingest import register_sources
from orchestration.store.opened import open_store
from orchestration.store.rebuild import rebuild_store_from_archive
from tests import FIXTURE_FOLDER
from tests.support.command_case import command

EXAMPLES = FIXTURE_FOLDER / "import"
#: INEGI BIE 15166, vehicles made in Mexico
OPTIONS = {
    "series_id": "user_mex_production",
    "title": "Vehicles made in Mexico",
    "unit": "vehicles",
    "frequency": "monthly",
    "seasonal_adjustment": "NSA",
    "geography_iso3": "MEX",
    "source": "My copy",
}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(project=PROJECT, home=tmp_path / "the user's home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the example of one series, to be changed by tests."""
    return Path(shutil.copy(EXAMPLES / "mexico_vehicle_production.csv", tmp_path / "production.csv"))


def stored(home: Settings, query: str) -> list[tuple]:
    with open_store(home.store, read_only=True) as con:
        return con.execute(query).fetchall()


def current(home: Settings, series: str = "user_mex_production") -> dict[str, float | None]:
    rows = stored(
        home,
        f"select period_start::varchar, value from raw.observation_current where series_id = '{series}' order by 1",
    )
    return dict(rows)


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".lock", ".duckdb")
    }


def test_the_examples_of_the_page_can_be_tried_as_they_stand(home: Settings):
    """docs/import.md called a file ready that was refused for want of a declaration."""
    page = (PROJECT / "docs" / "import.md").read_text(encoding="utf-8").replace("\\\n", " ")
    asked = [shlex.split(line) for line in page.splitlines() if line.startswith("headway import tests/")]
    assert len(asked) == 2
    for _, name, example, *options in asked:
        done = command(home, name, str(PROJECT / example), *options)
        assert done.returncode == 0 and "nothing was loaded" in done.stdout, done.stderr


def test_an_import_is_archived_loaded_and_accounted_for(home: Settings):
    report = import_file(home, EXAMPLES / "mexico_truck_sales.csv", {})
    assert report.series == ["user_mex_sales_trucks", "user_mex_sales_trucks_imported"]
    assert (report.rows_in, report.rows_appended, report.rows_unchanged) == (24, 24, 0)
    assert report.rows_revised == 12, (
        "the vintage of October 2021 revises each of the 6 months of both series"
    )
    assert current(home, "user_mex_sales_trucks")["2020-01-01"] == 45665
    assert stored(home, "select source_id, licence, needs_key from raw.source") == [
        ("user_inegi_bie_copy", "INEGI terms of free use (redistribution permitted)", False)
    ]
    assert stored(home, "select series_id, unit, source_id, source_code from raw.series order by 1") == [
        ("user_mex_sales_trucks", "vehicles", "user_inegi_bie_copy", "119328"),
        ("user_mex_sales_trucks_imported", "vehicles", "user_inegi_bie_copy", "119330"),
    ]
    request, path = stored(home, "select request_url, archive_path from raw.payload")[0]
    assert request == "import:mexico_truck_sales.csv", "no path of this machine goes into a release"
    assert (home.archive / path).read_bytes().startswith(b"PK")


def test_the_same_import_again_changes_nothing(home: Settings, file: Path):
    first = import_file(home, file, OPTIONS)
    before = stored(home, "from raw.observation"), len(tree(home.archive))
    again = import_file(home, file, OPTIONS)
    assert (again.rows_in, again.rows_appended, again.rows_unchanged) == (12, 0, 12)
    assert again.payload_id == first.payload_id
    assert (stored(home, "from raw.observation"), len(tree(home.archive))) == before


def test_a_file_name_cannot_look_like_an_address_with_a_key(home: Settings, file: Path):
    """The release refuses request addresses with key=...: one such file would stop every build."""
    import_file(home, file.rename(file.with_name("my api_key=abc&x.csv")), OPTIONS)
    assert stored(home, "select request_url from raw.payload") == [("import:my_api_key_abc_x.csv",)]


@pytest.mark.slow
def test_a_corrected_file_appends_only_what_differs(home: Settings, file: Path):
    import_file(home, file, OPTIONS)
    file.write_text(file.read_text().replace("315870", "315871") + "2019-01,326178\n")
    report = import_file(home, file, OPTIONS)
    assert (report.rows_appended, report.rows_revised, report.rows_unchanged) == (2, 1, 11)
    assert current(home)["2018-01-01"] == 315871
    assert stored(home, "select count(*) from raw.observation") == [(14,)]


@pytest.mark.slow
def test_months_left_out_of_a_later_file_stay_and_a_value_can_be_taken_back(home: Settings, file: Path):
    import_file(home, file, OPTIONS)
    file.write_text("period,value,status\n2018-01,,missing\n2018-12,255465,\n")
    import_file(home, file, OPTIONS)
    assert len(current(home)) == 12
    assert current(home)["2018-01-01"] is None
    assert current(home)["2018-02-01"] == 341468


@pytest.mark.slow
def test_going_back_to_an_earlier_file_brings_its_values_back(home: Settings, file: Path):
    original = file.read_text()
    for text in (original, original.replace("315870", "1"), original):
        file.write_text(text)
        import_file(home, file, OPTIONS)
    assert current(home)["2018-01-01"] == 315870


def test_the_id_of_a_derived_series_is_taken(home: Settings, file: Path):
    """It has no rows in the store: the import would pass and every later build would fail on two series of one id."""
    with pytest.raises(ImportFileError, match="'usa_balance_goods_mex' is taken by source headway_derived"):
        import_file(home, file, OPTIONS | {"series_id": "usa_balance_goods_mex"})


@pytest.mark.slow
def test_a_rebuild_from_the_archive_gives_the_same_rows_and_sources(home: Settings, file: Path):
    import_file(home, EXAMPLES / "mexico_truck_sales.csv", {})
    import_file(home, file, OPTIONS | {"licence": "subscription"})
    file.write_text(file.read_text().replace("315870", "315871"))
    import_file(home, file, OPTIONS | {"licence": "subscription"})
    rows = "select * exclude (load_id) from raw.observation order by all"
    sources, series = "from raw.source order by all", "from raw.series order by all"
    before = [stored(home, query) for query in (rows, sources, series)]
    home.store.unlink()
    rebuild_store_from_archive(
        home, parser_for, lambda con: register_sources(con, imported_sources(Archive(home)))
    )
    assert [stored(home, query) for query in (rows, sources, series)] == before


def test_a_run_killed_before_loading_goes_on_with_the_time_of_its_first_retrieval(
    home: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
):
    """A rebuild takes known_from from the archive: the store must not have another one."""

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("orchestration.store.loading.load", die)
        with pytest.raises(Killed):
            import_file(home, file, OPTIONS)
    import_file(home, file, OPTIONS)
    retrieved = {payload.retrieved_at for payload in Archive(home).payloads()}
    assert {
        known for (known,) in stored(home, "select distinct known_from from raw.observation")
    } == retrieved


def test_a_workbook_is_imported_like_a_text(home: Settings, tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.title = "observations"
    for row in (["period", "value"], [datetime(2018, 1, 1), 315870], [datetime(2018, 2, 1), 341468]):
        book.active.append(row)
    sheet = book.create_sheet("series")
    sheet.append(list(OPTIONS))
    sheet.append(list(OPTIONS.values()))
    book.save(tmp_path / "production.xlsx")
    assert import_file(home, tmp_path / "production.xlsx", {}).rows_appended == 2
    assert current(home) == {"2018-01-01": 315870, "2018-02-01": 341468}


# --- nothing at all ---


def test_a_file_with_bad_lines_leaves_archive_and_store_as_they_were(home: Settings, file: Path):
    import_file(home, file, OPTIONS)
    before = tree(home.home), stored(home, "from raw.observation")
    file.write_text(file.read_text() + "2019-01,abc\n2019-13,1\n")
    with pytest.raises(ImportFileError) as error:
        import_file(home, file, OPTIONS)
    assert str(error.value).splitlines() == [
        "production.csv: 2 problems, nothing was loaded",
        "  line 14: value 'abc' is not a number",
        "  line 15: period '2019-13' does not exist",
    ]
    assert error.value.exit_code == 2
    assert (tree(home.home), stored(home, "from raw.observation")) == before


@pytest.mark.slow
def test_a_series_cannot_become_another_one(home: Settings, file: Path):
    import_file(home, file, OPTIONS)
    file.write_text("period,value\n2018-01,315.87\n")
    with pytest.raises(ImportFileError, match="unit_multiplier 1 -> 1000"):
        import_file(home, file, OPTIONS | {"unit_multiplier": "1000"})
    with pytest.raises(ImportFileError, match="taken by source user_my_copy"):
        import_file(home, file, OPTIONS | {"source": "Somebody else"})
    assert current(home)["2018-01-01"] == 315870
    assert len(stored(home, "from raw.source")) == 1
    rebuild_store_from_archive(
        home, parser_for, lambda con: register_sources(con, imported_sources(Archive(home)))
    )
    assert current(home)["2018-01-01"] == 315870, "what was refused must not stand in the archive"


def test_while_another_run_writes_the_import_waits_for_nothing_and_says_who(home: Settings, file: Path):
    import threading

    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with writer_lock(home):
            held.set()
            done.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(30)
    try:
        with pytest.raises(WriterBusyError, match="another run is writing"):
            import_file(home, file, OPTIONS)
    finally:
        done.set()
        other.join()
    assert not home.archive.exists()


def test_a_file_that_is_not_there_or_a_folder_is_an_error_in_words(home: Settings, tmp_path: Path):
    with pytest.raises(UsageError, match="No such file"):
        import_file(home, tmp_path / "none.csv", OPTIONS)
    with pytest.raises(UsageError, match="directory"):
        import_file(home, tmp_path, OPTIONS)


# --- parsers of the archive ---


def payload(source_id: str) -> ArchivedPayload:
    now = datetime(2026, 11, 21)
    return ArchivedPayload(
        "x", source_id, "d", "import:x", now, None, None, "0" * 64, 0, now, now, "objects/00/0"
    )


def test_only_imports_are_parsed_as_imports():
    with pytest.raises(PayloadError, match="no parser is known for source users_of_bls"):
        parser_for(payload("users_of_bls"))
    with pytest.raises(HeadwayError, match="cannot be read any more"):
        parser_for(payload("user_wards"))(b"not a zip")


def test_sources_of_imports_are_as_declared_last(home: Settings, file: Path):
    import_file(home, file, OPTIONS)
    import_file(home, file, OPTIONS | {"licence": "CC BY 4.0", "redistribution": "yes"})
    (source,) = imported_sources(Archive(home))
    assert (source.source_id, source.licence) == ("user_my_copy", "CC BY 4.0 (redistribution permitted)")


# --- before it is done ---


@pytest.mark.slow
def test_a_preview_says_what_the_import_then_does_and_changes_nothing(home: Settings, file: Path):
    new = preview_import(home, file, OPTIONS)
    assert (new.rows_new, new.rows_unchanged, list(new.revisions)) == (12, 0, [])
    assert list(new.new_series) == ["user_mex_production"] and not home.store.exists()
    import_file(home, file, OPTIONS)
    before = tree(home.archive), stored(home, "from raw.observation"), stored(home, "from raw.load")
    file.write_text(file.read_text().replace("315870", "315871") + "2019-01,326178\n")
    preview = preview_import(home, file, OPTIONS)
    assert (tree(home.archive), stored(home, "from raw.observation"), stored(home, "from raw.load")) == before
    (revision,) = preview.revisions
    assert (revision.series_id, revision.period_start.isoformat()) == ("user_mex_production", "2018-01-01")
    assert (revision.before, revision.after) == (315870, 315871)
    report = import_file(home, file, OPTIONS)
    assert (preview.rows_new + len(preview.revisions), preview.rows_unchanged) == (
        report.rows_appended,
        report.rows_unchanged,
    )
    assert len(preview.revisions) == report.rows_revised
    assert list(preview_import(home, file, OPTIONS).revisions) == []


def test_a_preview_tells_that_a_series_would_become_another_one(home: Settings, file: Path):
    import_file(home, file, OPTIONS)
    with pytest.raises(ImportFileError, match="has unit vehicles and would get persons"):
        preview_import(home, file, OPTIONS | {"unit": "persons"})


def test_a_preview_shows_a_value_that_is_taken_back(home: Settings, file: Path):
    import_file(home, file, OPTIONS)
    file.write_text("period,value,status\n2018-01,,missing\n")
    (revision,) = preview_import(home, file, OPTIONS).revisions
    assert (revision.before, revision.after, revision.after_status) == (315870, None, "missing")


@pytest.mark.slow
def test_the_command_shows_revisions_before_it_loads_and_nothing_with_dry_run(home: Settings, file: Path):
    options = [f"--{name}={value}" for name, value in {
        "id": "user_mex_production", "title": "Vehicles", "unit": "vehicles", "frequency": "monthly", "adjustment": "NSA",
        "geography": "MEX", "source": "My copy",
    }.items()]  # fmt: skip
    assert command(home, "import", str(file), *options, "--no-build").returncode == 0
    file.write_text("Month,Made\n2018-01,315871\n")
    mapped = ["--map", "period=Month", "--map", "value=Made"]
    shown = command(home, "import", str(file), *options, *mapped, "--dry-run")
    assert shown.returncode == 0 and "315,870" in shown.stdout and "315,871" in shown.stdout
    assert current(home)["2018-01-01"] == 315870
    loaded = command(home, "import", str(file), *options, *mapped, "--no-build")
    assert "1 values of 1 series are held otherwise" in loaded.stdout and loaded.returncode == 0
    assert current(home)["2018-01-01"] == 315871
    assert "OURS=THEIRS" in command(home, "import", str(file), *options, "--map", "period").stderr


@pytest.mark.slow
def test_hundreds_of_series_are_not_printed_on_one_line(home: Settings, tmp_path: Path):
    """695 ids filled three screens."""
    months = "".join(f"FAS Value,Country {n},2018,{n}\n" for n in range(1, 696))
    download = tmp_path / "DataWeb-Query-Export.csv"
    download.write_text(f"Data Type,Country,Year,FAS Value\n{months}")
    for arguments in (("--dry-run",), ("--no-build",)):
        done = command(home, "import", str(download), *arguments)
        assert done.returncode == 0, done.stderr
        assert "695" in done.stdout and "... and 685 more" in done.stdout
        assert max(map(len, done.stdout.splitlines())) < 120 and done.stdout.count("user_dataweb_") <= 12
