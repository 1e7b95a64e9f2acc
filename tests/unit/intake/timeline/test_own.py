"""A user's own timelines on disk: what is written is read back, what is wrong is named and changes nothing.

Belongs here: orchestration/intake/timeline/own.py. Does not belong here: single rules (test_rules.py), the store (test_load.py).
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from orchestration.base.errors import UsageError, WriterBusyError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.timeline import own
from orchestration.intake.timeline.own import (
    GivenRow,
    TimelineError,
    put_rows,
    read_timelines,
    remove_row,
)
from orchestration.intake.timeline.rules import SEEDS, Rulebook, rulebook
from tests.support.own_timeline_case import EVENT, MEASURE, ROWS, SOURCE, given
from transforms.timeline import TIMELINE_COLUMNS, TIMELINE_KEYS, text_of


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(project=PROJECT, home=tmp_path / "the user's home")


def files(home: Settings) -> dict[str, bytes]:
    return (
        {path.name: path.read_bytes() for path in sorted(home.timelines.iterdir())}
        if home.timelines.exists()
        else {}
    )


def problems(home: Settings, **changed: dict[str, object]) -> list[str]:
    """What is said of the good rows with some cells changed; nothing may have been written."""
    before = files(home)
    with pytest.raises(TimelineError) as error:
        put_rows(home, given(**changed))
    assert files(home) == before
    return [str(problem) for problem in error.value.problems]


def test_what_was_put_is_read_back(home):
    """A cell that is lost or written otherwise would change a fact, and the same rows again would look like others."""
    put_rows(home, given())
    read = read_timelines(home)
    for kind, cells in ROWS.items():
        (row,) = read[kind]
        assert {c: text_of(v) for c, v in row.values.items() if v is not None} == cells
    again = put_rows(home, given())
    assert not again.added and not again.replaced and len(again.unchanged) == 4


def test_another_row_of_the_same_id_needs_to_be_asked_for(home):
    """A feed or a second file would overwrite what a person wrote."""
    put_rows(home, given())
    other = given(events={"description": "The line stops."})
    with pytest.raises(
        TimelineError, match=r"'user-plant-closes-2019-10' is there already.*events\.csv line 2"
    ):
        put_rows(home, other)
    assert put_rows(home, other, replace=True).replaced == (("events", "user-plant-closes-2019-10"),)
    assert read_timelines(home)["events"][0].values["description"] == "The line stops."


def test_a_dry_run_judges_and_writes_nothing(home):
    """What is only tried out must not be there afterwards."""
    assert len(put_rows(home, given(), dry_run=True).added) == 4
    assert files(home) == {}
    with pytest.raises(TimelineError):
        put_rows(home, given(events={"confidence": "sure"}), dry_run=True)


def test_ids_of_headway_are_refused(home):
    """A row with the id of a bundled event would stand for it in every comparison."""
    (said,) = problems(
        home, sources={}, events={"event_id": "nafta-round6-end"}, measures=None, positions=None
    )
    assert said == (
        "events row 1: event_id 'nafta-round6-end' is one that Headway brings; an id of your own begins with user-"
    )
    assert "USER_" in problems(home, sources={"source_key": "NBER"})[0]


def test_no_bundled_id_begins_like_one_of_a_user():
    """The two could collide, in this version or a later one."""
    book = Rulebook(PROJECT / "dbt_project")
    for kind, (begin, _, example) in own._IDS.items():
        assert example.startswith(begin)
        (key,) = TIMELINE_KEYS[kind]
        assert not [name for name in book.closed(SEEDS[kind][0], key) if name.startswith(begin)]
    assert not [name for name in book.closed("seed_timeline", "timeline") if name.startswith("user_")]


def test_every_problem_of_every_row_is_named_at_once(home):
    """A person who mends one error after the other gives up; an error without its place cannot be mended."""
    said = problems(
        home,
        events={"event_date": "31.10.2019", "confidence": "", "parties": "CAN;XXX", "cluster_id": "waves"},
        measures={"rate_pct": "12 percent"},
    )
    assert said[:2] == [
        "events row 1: event_date '31.10.2019' is not a day: write it as 2026-01-31",
        "measures row 1: rate_pct '12 percent' is not a number: write it as 12.5, without a percent sign or commas",
    ]
    said = problems(home, events={"confidence": "", "parties": "CAN;XXX"}, measures=None, positions=None)
    assert said[0] == "events row 1: confidence is empty"
    assert said[1].startswith("events row 1: parties 'XXX' is not known; allowed: BRA, CAN")


def test_an_unknown_column_is_named_and_not_dropped(home):
    """A misspelt header would lose a whole column without a word."""
    (said,) = problems(home, events={"confidense": "high"})
    assert "column 'confidense' is none of events" in said


def test_a_file_edited_by_hand_is_judged_with_its_line(home):
    """The files are the user's to edit; an error in one must be found where it is."""
    put_rows(home, given())
    path = home.timelines / "events.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",high,", ",sure,"), encoding="utf-8")
    with pytest.raises(TimelineError, match=r"events\.csv line 2: confidence 'sure' is not known"):
        read_timelines(home)
    with pytest.raises(TimelineError):
        put_rows(home, {"sources": [GivenRow({**SOURCE, "source_key": "USER_B"}, "b")]})


@pytest.mark.slow
def test_the_rules_are_read_where_there_is_something_to_judge(home, monkeypatch):
    """Each build reads the files twice, most homes have none, and the rules are in files of YAML; a row must still be judged."""
    asked = []
    monkeypatch.setattr(own, "rulebook", lambda project: asked.append(project) or rulebook(project))
    assert not any(own.read_timelines(home).values()) and not asked
    put_rows(home, given())
    asked.clear()
    assert any(own.read_timelines(home).values()) and asked


def test_what_is_named_by_others_stays(home):
    """An event without its source, or a measure without its event, could not be staged: every build would stop."""
    put_rows(home, given())
    before = files(home)
    for taken, named_in in (
        ("USER_COMPANY_NEWS", "events.csv line 2"),
        (EVENT["event_id"], "measures.csv line 2"),
    ):
        with pytest.raises(TimelineError, match=named_in):
            remove_row(home, str(taken))
    assert files(home) == before
    assert remove_row(home, str(MEASURE["measure_id"])).removed == (("measures", MEASURE["measure_id"]),)
    assert [kind for kind, _ in remove_row(home, str(EVENT["event_id"])).removed] == ["events", "positions"]
    assert [len(rows) for rows in read_timelines(home).values()] == [1, 0, 0, 0]


def test_only_own_rows_can_be_removed(home):
    """A bundled event is part of the code; to say that it was removed would be a lie."""
    with pytest.raises(UsageError, match="is no event, measure or source of your own timelines"):
        remove_row(home, "nafta-round6-end")


def test_two_writers_do_not_overwrite_each_other(home):
    """The second would write what it read before the first had written."""
    refused: list[Exception] = []

    def write() -> None:
        try:
            put_rows(home, given())
        except WriterBusyError as error:
            refused.append(error)

    with writer_lock(home):
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert len(refused) == 1 and files(home) == {}


@pytest.mark.slow
def test_a_run_that_dies_between_two_files_leaves_rows_that_hold(home, monkeypatch):
    """A source that is written after the event that names it would stop every build until a person mends it."""
    put_rows(home, given())
    written = own.write_whole
    for stop_after in range(4):
        left = [stop_after]

        def dying(path, content, *, durable, left=left):
            if not left[0]:
                raise OSError("the power went")
            left[0] -= 1
            written(path, content, durable=durable)

        monkeypatch.setattr(own, "write_whole", dying)
        second = {
            "sources": [GivenRow({**SOURCE, "source_key": f"USER_B{stop_after}"}, "b")],
            "events": [
                GivenRow(
                    {
                        **EVENT,
                        "event_id": f"user-b-{stop_after}",
                        "title": f"B {stop_after}",
                        "source_key": f"USER_B{stop_after}",
                    },
                    "b",
                )
            ],
        }
        if stop_after < 2:
            with pytest.raises(OSError, match="power"):
                put_rows(home, second)
        else:
            put_rows(home, second)
        read_timelines(home)
    monkeypatch.undo()
    assert set(read_timelines(home)) == set(TIMELINE_COLUMNS)
