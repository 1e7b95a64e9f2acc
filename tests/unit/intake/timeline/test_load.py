"""The user's timelines in archive and store: as the files say, there again after a rebuild, and nothing of them lost.

Belongs here: orchestration/intake/timeline/load.py. Does not belong here: the files (test_own.py), dbt.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.base.errors import UsageError
from orchestration.base.files import write_whole
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.loaded import timelines_loaded
from orchestration.intake.parsers import parser_of_archived
from orchestration.intake.timeline import load as timeline_load
from orchestration.intake.timeline.load import load_timelines
from orchestration.intake.timeline.own import TimelineError, put_rows, remove_row
from orchestration.operations.removal import removable, remove
from orchestration.store.archive import Archive
from orchestration.store.opened import OWN_TIMELINES, open_store
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.support.own_timeline_case import EVENT, given
from transforms.timeline import TIMELINE_TABLES


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(project=PROJECT, home=tmp_path / "home")


def load(home: Settings) -> None:
    with open_store(home.store) as con:
        load_timelines(home, con)


def stored(home: Settings) -> dict[str, list[tuple[object, ...]]]:
    with open_store(home.store, read_only=True) as con:
        rows = {
            table: con.execute(f"select * exclude payload_id from raw.{table} order by all").fetchall()
            for table in TIMELINE_TABLES.values()
        }
        rows["payload"] = con.execute("select source_id, sha256 from raw.payload").fetchall()
    return rows


def test_without_timelines_nothing_is_archived_or_stored(home):
    """A user without timelines would get a source and a payload in every release."""
    load(home)
    assert not any(stored(home).values()) and Archive(home).payloads() == []
    assert timelines_loaded(home) and not home.timelines.exists()


@pytest.mark.slow
def test_the_store_holds_what_the_files_say(home):
    """A build must notice an edited file, and replace what it held."""
    put_rows(home, given())
    load(home)
    assert [len(rows) for rows in stored(home).values()] == [1, 1, 1, 1, 1] and timelines_loaded(home)
    path = home.timelines / "events.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("the line", "the hall"), encoding="utf-8")
    assert not timelines_loaded(home)
    load(home)
    assert timelines_loaded(home)
    assert [row[11] for row in stored(home)["own_event"]] == ["The last car leaves the hall."]
    assert len(Archive(home).payloads(OWN_TIMELINES)) == 2
    load(home)
    assert len(Archive(home).payloads(OWN_TIMELINES)) == 2, "the same files are not archived again"


@pytest.mark.slow
def test_bad_files_leave_the_store_as_it_was(home):
    """Half of a person's events would be compared and the others be missing."""
    put_rows(home, given())
    load(home)
    before = stored(home)
    path = home.timelines / "events.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",high,", ",sure,"), encoding="utf-8")
    with pytest.raises(TimelineError, match=r"events\.csv line 2"):
        load(home)
    assert stored(home) == before


@pytest.mark.slow
def test_a_rebuild_of_the_store_has_them_again(home):
    """`headway build --from-archive` would lose every event of the user, or stop at a payload that no parser reads."""
    put_rows(home, given())
    load(home)
    before = stored(home)
    rebuild_store_from_archive(home, parser_of_archived, lambda con: load_timelines(home, con))
    assert stored(home) == before


@pytest.mark.slow
def test_lost_files_come_back_from_the_archive(home):
    """A folder deleted by mistake was the only place where a person's work stood."""
    put_rows(home, given())
    load(home)
    before, files = stored(home), {p.name: p.read_bytes() for p in home.timelines.iterdir()}
    shutil.rmtree(home.timelines)
    assert not timelines_loaded(home)
    load(home)
    assert stored(home) == before
    assert {p.name: p.read_bytes() for p in home.timelines.iterdir()} == files


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_brings_files_back_leaves_none(home, monkeypatch):
    """The next run would take the files that are there for all that the person wants, and archive that."""
    put_rows(home, given())
    load(home)
    before, files = stored(home), {p.name: p.read_bytes() for p in home.timelines.iterdir()}
    shutil.rmtree(home.timelines)
    written = []

    def killed(path: Path, content: bytes, **more: bool) -> None:
        written.append(path)
        if len(written) > 1:
            raise SystemExit
        write_whole(path, content, **more)

    monkeypatch.setattr(timeline_load, "write_whole", killed)
    with pytest.raises(SystemExit):
        load(home)
    monkeypatch.undo()
    assert not home.timelines.exists()
    load(home)
    assert stored(home) == before
    assert {p.name: p.read_bytes() for p in home.timelines.iterdir()} == files
    assert not list(home.home.glob(".timelines*"))


@pytest.mark.slow
def test_what_was_removed_stays_removed(home):
    """The archive knows the rows still, and must not bring them back."""
    put_rows(home, given(measures=None, positions=None))
    load(home)
    remove_row(home, str(EVENT["event_id"]))
    load(home)
    load(home)
    assert stored(home)["own_event"] == []


@pytest.mark.slow
def test_headway_remove_leaves_them_alone(home):
    """`headway remove` would set the whole of a person's timelines aside, and the next build would bring them back."""
    put_rows(home, given())
    load(home)
    (payload,) = Archive(home).payloads(OWN_TIMELINES)
    assert removable(home) == []
    with pytest.raises(UsageError, match="headway timeline remove"):
        remove(home, payload.payload_id, reason="a test")
