"""`headway detail build`: what the models make is what the lines add up to, of the vintages that were asked for, all or nothing."""

from __future__ import annotations

import json
import shutil
from datetime import date

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration.base.detail_catalogue import CATALOGUE
from orchestration.base.errors import DetailError, UsageError
from orchestration.base.public_table import describe
from orchestration.base.settings import PROJECT, Settings
from orchestration.build.detail import panel, release_tables
from orchestration.build.detail.derive import build_detail
from orchestration.build.detail.derived import current, derived_of
from orchestration.build.detail.relations import countries
from orchestration.release.contract import Contract, check_file
from orchestration.release.public_file import assemble
from tests.oracles import plain_detail
from tests.support.command_case import command
from tests.support.derived_case import made_up, rows_of, small_lake, write_lake
from tests.support.read_only import reading
from transforms.detail_tables import DETAIL_TABLES
from transforms.statistics.panel import REASON_DATA


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory):
    """A home with a small lake and what DuckDB derives from the latest vintages: (settings, frames, what was built)."""
    home = tmp_path_factory.mktemp("detail")
    frames = small_lake(home / "detail")
    settings = Settings(PROJECT, home)
    return settings, frames, build_detail(settings).derived


def known(frames, *, first: bool = False) -> dict[str, pl.DataFrame]:
    """The lines of each flow of the latest vintages, or of those known first."""
    chosen = {}
    for (flow, month, vintage), frame in sorted(frames.items(), reverse=first, key=lambda item: item[0][2]):
        chosen[flow, month] = (vintage, frame)
    return {
        flow: pl.concat(frame for (of, _), (_, frame) in chosen.items() if of == flow)
        for flow in DETAIL_TABLES
    }


def test_every_table_is_what_polars_adds_up_from_the_lines(lake):
    """A join or a cut of a code that lost or doubled rows; a sum that became a double."""
    settings, frames, built = lake
    compared = set(countries(settings).filter("in_panel")["country_code"])
    expected = plain_detail.tables(known(frames), compared)
    assert {table.name for table in built.tables} == {*expected, panel.TABLE}
    for name, rows in expected.items():
        found = rows_of(built, name)
        assert found.height > 50, name
        assert_frame_equal(
            found, rows.select(found.columns).sort(built.table(name).key), rel_tol=1e-12, abs_tol=0
        )
        assert built.table(name).rows == found.height
        sums = {kind for column, kind in found.schema.items() if "pct" not in column and column != "coverage"}
        assert sums <= {pl.String, pl.Date, pl.Int64}, name


def test_of_a_lake_without_the_months_every_run_of_the_panel_has_its_reason(lake):
    """A panel left out without a word, or made of windows that the lake does not hold: this one begins in September 2018."""
    _, _, built = lake
    rows = rows_of(built, panel.TABLE)
    assert rows.height == panel.designs(PROJECT / "dbt_project" / "seeds").height > 5
    assert set(rows["reason"]) == {REASON_DATA} and rows["beta"].null_count() == rows.height


def test_a_line_on_two_lists_in_stages_is_on_the_first_alone(lake):
    """Duties of Section 301 would be counted twice for 249 lines that the copy has on two of its lists."""
    _, _, built = lake
    staged = rows_of(built, "fct_detail_list_line").filter(pl.col("list_id").str.contains("^s301_[1-4]"))
    assert staged.height == staged["hs10"].n_unique() > 50


def test_the_attached_file_shows_the_lake_as_of_any_day_without_copying_it(lake):
    """An as-of view that mixes vintages, or a file that holds the rows themselves."""
    settings, frames, built = lake
    file = settings.detail / "detail.duckdb"
    assert file.stat().st_size < 3_000_000
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{file}' AS detail (READ_ONLY)")
        for day, first in (("2026-11-05", False), ("2026-11-04", True)):
            expected = known(frames, first=first)["imports"]
            found = con.execute(
                "SELECT count(*), sum(consumption_value)::BIGINT, count(DISTINCT vintage) "
                f"FROM detail.imports_as_of(DATE '{day}')"
            ).fetchone()
            assert found == (
                expected.height,
                expected["consumption_value"].sum(),
                expected["vintage"].n_unique(),
            )
        assert con.execute("SELECT count(*) FROM detail.imports_as_of(DATE '2020-01-01')").fetchone() == (0,)
        latest = known(frames)["imports"]
        assert con.execute("SELECT count(*) FROM detail.imports").fetchone() == (latest.height,)
        made = con.execute("SELECT count(*) FROM detail.fct_detail_import").fetchone()
        assert made == (built.table("fct_detail_import").rows,)


def test_as_of_a_day_before_a_revision_the_first_figures_are_worked_out(tmp_path):
    """--as-of that takes the newest vintage all the same would rewrite history."""
    frames = small_lake(tmp_path / "detail", rows=400)
    done = command(Settings(PROJECT, tmp_path), "detail", "build", "--as-of", "2026-11-04", "--json")
    assert done.returncode == 0, done.stderr
    built = current(derived_of(Settings(PROJECT, tmp_path)))
    assert built is not None and built.as_of == "2026-11-04" == json.loads(done.stdout)["as_of"]
    first = known(frames, first=True)
    total = rows_of(built, "fct_detail_import")["consumption_value"].sum()
    assert (
        total
        == first["imports"]["consumption_value"].sum()
        != known(frames)["imports"]["consumption_value"].sum()
    )


def test_a_failed_test_leaves_what_was_current_and_no_half_folder(lake, tmp_path):
    """Half of a build, or one that failed its tests, that readers would see."""
    settings, _, before = lake
    settings = Settings(PROJECT, shutil.copytree(settings.home, tmp_path / "home", symlinks=True))
    month = date(2018, 12, 1)
    wrong = made_up("imports", month, "2026-11-20", 50).with_columns(consumption_value=pl.lit(-5, pl.Int64))
    (settings.detail / CATALOGUE).unlink()
    write_lake(settings.detail, {("imports", month, "2026-11-20"): wrong})
    with pytest.raises(DetailError, match="holds_stg_lake_imports"):
        build_detail(settings)
    now = current(derived_of(settings))
    assert now is not None and now.build_id == before.build_id
    assert {path.name for path in derived_of(settings).iterdir()} == {before.build_id, "current"}


def test_an_empty_lake_and_options_of_the_other_engine_are_said(tmp_path):
    settings = Settings(PROJECT, tmp_path)
    with pytest.raises(UsageError, match="headway detail add"):
        build_detail(settings)
    with pytest.raises(UsageError, match="--engine spark"):
        build_detail(settings, master="spark://127.0.0.1:1")


def test_what_a_release_takes_comes_with_its_comments_and_a_cut_file_is_refused(lake, tmp_path):
    """Released tables without descriptions, which a release refuses, or made of a file that lost its end."""
    settings, _, built = lake
    settings.build.mkdir(exist_ok=True)
    settings.build_database.unlink(missing_ok=True)
    names = release_tables.add_to_build(settings)
    aggregates = {"fct_detail_list_coverage", "fct_detail_list_exposure", "fct_detail_panel_cell"}
    assert set(names) == {*aggregates, panel.TABLE}
    with duckdb.connect(str(settings.build_database)) as con:
        for name in names:
            rows = con.sql(f"SELECT * FROM main.{name}").pl()
            assert_frame_equal(rows.sort(built.table(name).key), rows_of(built, name))
        bare = con.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE comment IS NULL AND NOT internal"
        ).fetchone()
        assert bare == (0,)
    # and from there into a file as a release has it, sorted by the keys that no constraint declares
    released = tmp_path / "headway.duckdb"
    assemble(settings.build_database, released, keys=release_tables.detail_keys(settings))
    with reading(released) as con:
        tables = describe(con, release_tables.detail_keys(settings))
        assert {table.name for table in tables} == set(names)
        checks = check_file(con, tables, Contract(tuple(names), {}), previous={}, allow_shrink=False)
        assert [check.outcome for check in checks] == ["pass"] * len(checks), checks
    cut = built.files(names[0])[0]
    content = cut.read_bytes()
    cut.write_bytes(content[:-1])
    try:
        with pytest.raises(Exception, match="headway detail build"):
            release_tables.add_to_build(settings)
    finally:
        cut.write_bytes(content)
