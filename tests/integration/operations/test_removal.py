"""Taking one payload out: the warehouse is as if it had never come, its bytes are kept, and nothing happens half."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestration.base.errors import PayloadError, UsageError, WriterBusyError
from orchestration.base.settings import PROJECT, Settings
from orchestration.cli import main
from orchestration.intake.figures.load import ingest_figures
from orchestration.intake.user_import import import_file
from orchestration.operations import removal
from orchestration.operations.removal import removable, remove
from orchestration.sources import datasets
from orchestration.store.archive import Archive
from tests.support.live_case import prepared
from tests.support.read_only import reading
from tests.support.refresh_case import (
    MANUFACTURING,
    VEHICLES,
    dataset,
    everything_written,
    one,
    run,
    serve_agency,
)
from tests.support.refresh_case import values as live_values
from tests.support.writer_case import other_writer

EXAMPLES = PROJECT / "tests" / "fixtures" / "import"
TRUCKS, VEHICLES_MADE = "mexico_truck_sales.csv", "mexico_vehicle_production.csv"
OPTIONS = {
    "series_id": "user_mex_production",
    "title": "Vehicles made in Mexico",
    "unit": "vehicles",
    "frequency": "monthly",
    "seasonal_adjustment": "NSA",
    "geography_iso3": "MEX",
    "source": "My copy",
}
WHY = "thousands, not units"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """One import, and figures beside it; made once for all tests, of which each gets a copy."""

    def fill(settings: Settings) -> None:
        list(ingest_figures(settings, ["observation_fed"]))
        import_file(settings, EXAMPLES / TRUCKS, {})

    return prepared(tmp_path, "removal", fill)


def bad(home: Settings) -> str:
    """A second import; its id."""
    return import_file(home, EXAMPLES / VEHICLES_MADE, OPTIONS).payload_id


def stored(home: Settings) -> dict[str, list[tuple]]:
    """All of the store but the times of loading."""
    with reading(home.store) as con:
        names = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
        exclude = {"load": "EXCLUDE (loaded_at)"}
        return {
            n: con.execute(f"SELECT * {exclude.get(n, '')} FROM raw.{n} ORDER BY ALL").fetchall()
            for (n,) in names
        }


def test_afterwards_the_store_is_as_if_it_had_never_come(home: Settings):
    """Rows, coverage or a source of the removed payload that stay behind."""
    before = stored(home)
    payload_id = bad(home)
    (payload,) = [p for p in Archive(home).payloads() if p.payload_id == payload_id]
    content = Archive(home).read(payload)
    done = remove(home, payload_id, reason=WHY)
    assert stored(home) == before
    assert (done.payload.rows, done.series) == (12, ["user_mex_production"])
    assert payload_id not in {p.payload_id for p in Archive(home).payloads()}
    (aside,) = Archive(home).quarantined()
    assert (aside.payload_id, aside.reason, aside.removed, aside.path) == (
        payload_id,
        WHY,
        True,
        done.quarantined,
    )
    assert done.quarantined.read_bytes() == content


def test_importing_the_file_again_brings_it_back(home: Settings):
    """Under another id: who cited the removed payload did not mean this one."""
    removed = bad(home)
    remove(home, removed, reason=WHY)
    payload_id = bad(home)
    assert payload_id == f"{removed}~2"
    with reading(home.store) as con:
        assert con.execute(
            "SELECT count(*) FROM raw.observation WHERE payload_id = ?", [payload_id]
        ).fetchall() == [(12,)]


def test_a_dry_run_says_what_it_brought_and_changes_nothing(home: Settings):
    payload_id = bad(home)
    before = everything_written(home.home)
    done = remove(home, payload_id, reason="", dry_run=True)
    assert (done.payload.rows, done.series, done.quarantined) == (12, ["user_mex_production"], None)
    assert everything_written(home.home) == before


def test_refusals_say_what_to_do(home: Settings):
    payload_id = bad(home)
    (figures,) = [p.payload_id for p in Archive(home).payloads() if p.source_id == "figures"]
    before = everything_written(home.home)
    for wanted, reason, said in (
        (figures, WHY, "bundled figure"),
        (payload_id[:-1], WHY, f"nearest: {payload_id}"),
        ("figure", WHY, "`headway remove` lists"),
        (payload_id, "  ", "say why"),
    ):
        with pytest.raises(UsageError, match=said):
            remove(home, wanted, reason=reason)
    assert everything_written(home.home) == before
    listed = [r.payload_id for r in removable(home)]
    assert listed[0] == payload_id and figures not in listed
    remove(home, payload_id, reason=WHY)
    with pytest.raises(UsageError, match=f"in quarantine already: {WHY}"):
        remove(home, payload_id, reason=WHY)


def test_if_the_rest_cannot_be_loaded_nothing_was_done(home: Settings, monkeypatch):
    """A payload out of the archive and still in the store, or the other way round."""
    payload_id = bad(home)
    before = everything_written(home.home)

    def broken(_: object) -> object:
        def parse(_: bytes) -> object:
            raise PayloadError("no parser reads this any more")

        return parse

    monkeypatch.setattr(removal, "parser_of_archived", broken)
    with pytest.raises(PayloadError, match="cannot be loaded any more"):
        remove(home, payload_id, reason=WHY)
    assert everything_written(home.home) == before


def test_a_removal_that_was_killed_can_be_finished(home: Settings, monkeypatch):
    before = stored(home)
    payload_id = bad(home)
    monkeypatch.setattr(removal, "rebuild_store_from_archive", lambda *a: (_ for _ in ()).throw(SystemExit()))
    monkeypatch.setattr(Archive, "take_back", lambda *a: None)  # a killed process undoes nothing
    with pytest.raises(SystemExit):
        remove(home, payload_id, reason=WHY)
    monkeypatch.undo()
    done = remove(home, payload_id, reason=WHY)
    assert stored(home) == before and done.payload.rows == 12
    assert "in quarantine already" in done.notes[0]


def test_an_answer_that_was_removed_is_not_taken_again_but_the_next_is(tmp_path, replay, monkeypatch):
    """The next scheduled refresh brings back what an operator took out; or the series is never refreshed again."""
    monkeypatch.setattr(datasets, "DATASETS", (dataset(),))
    settings = Settings(project=PROJECT, home=tmp_path / "home")
    agency = serve_agency(replay)
    run(settings)
    good = live_values(settings)
    agency.values[MANUFACTURING] = {**agency.values[MANUFACTURING], "2026-10": "1"}
    run(settings)
    payload_id = removable(settings)[0].payload_id
    assert "refuses this very answer" in remove(settings, payload_id, reason=WHY).notes[0]
    assert live_values(settings) == good

    again = one(run(settings))  # other bytes (the agency says how long it took), the same content
    assert again.state == "failed" and f"as {payload_id}, which was removed ({WHY})" in again.problems[0]
    assert live_values(settings) == good and len(Archive(settings).quarantined()) == 1

    agency.values[VEHICLES]["2026-10"] = "2"
    assert one(run(settings)).revised == 2
    assert live_values(settings)["2026-10"] == 1.0

    del agency.values[VEHICLES]["2026-10"]
    agency.values[VEHICLES]["2026-10"] = "12521"
    shutil.rmtree(settings.home / "quarantine")
    assert one(run(settings)).state == "done"


def test_the_command(home: Settings, monkeypatch):
    payload_id = bad(home)
    monkeypatch.setenv("HEADWAY_HOME", str(home.home))
    headway = lambda *more: CliRunner(env={"COLUMNS": "300"}).invoke(main, ["remove", *more])  # noqa: E731
    assert payload_id in headway().stdout and "figures:" not in headway().stdout
    planned = headway(payload_id, "--dry-run")
    assert planned.exit_code == 0 and "nothing yet" in planned.stdout
    assert headway(payload_id).exit_code == 2
    done = headway(payload_id, "--reason", WHY, "--no-build", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["series"] == ["user_mex_production"]
    assert headway(payload_id, "--reason", WHY).exit_code == 2


def test_the_list_beside_another_run_says_who_writes(home: Settings):
    """It ended with DuckDB's traceback while a refresh was running."""
    with (
        other_writer(home, home.store) as writer,
        pytest.raises(WriterBusyError, match=f"process {writer.pid}"),
    ):
        removable(home)
