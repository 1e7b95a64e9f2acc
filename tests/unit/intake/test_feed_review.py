"""Deciding on candidates: nothing is written that was not sure or stated, and a decision stays and can be taken back."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.base.errors import UsageError, WriterBusyError
from orchestration.intake import feed_review
from orchestration.intake.parsers import parser_of_archived
from orchestration.intake.registration import register
from orchestration.intake.timeline.own import TimelineError, read_timelines
from orchestration.sources.feed.words import keywords
from orchestration.store.opened import open_store
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.support.feed_case import AT, CANCER, PAUSE, TRUCKS, filled
from tests.support.refresh_case import settings_at
from tests.support.writer_case import other_writer
from transforms.feed.reading import Document, candidate_row, parsed
from transforms.parse.outcome import SchemaChangedError

EVENT = {"event_id": "user-trucks-2025-11", "timeline": "section_232_autos"}


@pytest.fixture
def settings(tmp_path):
    return filled(settings_at(tmp_path / "home"))


def status(settings, document: Document) -> tuple[str, str | None]:
    found = feed_review.candidate(settings, document.feed_id)
    return found["status"], found["event_id"] or found["reason"]


@pytest.mark.slow
def test_candidates_are_found_by_words_and_what_cites_them_is_named(settings) -> None:
    (found,) = feed_review.list_candidates(settings, "HEAVY 48451")
    assert found["feed_id"] == TRUCKS.feed_id
    assert (
        "s232-trucks-effective-2025-11" in found["cited_by_events"]
        and "usa-232-trucks-2025" in found["cited_by_measures"]
    )
    assert [c["document_number"] for c in feed_review.list_candidates(settings)] == [
        "2025-19639",
        "2025-02408",
    ]
    assert len(feed_review.list_candidates(settings, aside=True)) == 3
    assert feed_review.list_candidates(settings, "zebra") == []


@pytest.mark.slow
def test_an_accepted_candidate_is_an_event_with_its_source(settings) -> None:
    done = feed_review.accept(settings, "2025-19639", event=EVENT)
    own = read_timelines(settings)
    (event,), (source,) = own["events"], own["sources"]
    assert event.values["effective_on"] == date(2025, 11, 1) == event.values["event_date"]
    assert event.values["announced_on"] == date(2025, 10, 17) and event.values["published_on"] is None
    assert event.values["source_key"] == source.values["source_key"] == "USER_FEED_2025_19639"
    assert "90 FR 48451; Proclamation 10984" in event.values["source_reference"]
    assert status(settings, TRUCKS) == ("accepted", "user-trucks-2025-11")
    assert done.change.added == (("sources", "USER_FEED_2025_19639"), ("events", "user-trucks-2025-11"))
    assert "user-trucks-2025-11" in feed_review.candidate(settings, TRUCKS.feed_id)["cited_by_events"]
    with pytest.raises(UsageError, match="was accepted on"):
        feed_review.accept(settings, "2025-19639", event=EVENT)
    with pytest.raises(UsageError, match="headway timeline remove user-trucks-2025-11"):
        feed_review.reject(settings, "2025-19639", "no")


@pytest.mark.slow
def test_a_dry_run_writes_nothing(settings) -> None:
    feed_review.accept(settings, "2025-19639", event=EVENT, dry_run=True)
    assert status(settings, TRUCKS)[0] == "unreviewed" and not settings.timelines.exists()


@pytest.mark.slow
def test_what_the_rules_are_not_sure_of_must_be_stated(settings) -> None:
    """A guessed day or rate would enter comparisons as a fact."""
    with pytest.raises(UsageError, match=r"no first day is proposed .a pause until 2025-03-04.*--event-date"):
        feed_review.accept(settings, PAUSE.feed_id, event={**EVENT, "event_id": "user-pause"})
    measure = {"measure_id": "user-trucks", "imposing_iso3": "USA", "partners": "WLD", "hs_codes": "8704"}
    with pytest.raises(UsageError, match=r"no rate is proposed .the document names 10, 25.; state --rate"):
        feed_review.accept(settings, TRUCKS.feed_id, event=EVENT, measure=measure)
    assert not settings.timelines.exists()
    stated = {
        **EVENT,
        "event_id": "user-pause",
        "event_date": "2025-02-03",
        "event_type": "statement",
        "topics": "ieepa",
        "timeline": "ieepa_fentanyl_border_tariffs",
    }
    feed_review.accept(settings, PAUSE.feed_id, event={**stated, "effective_on": None})
    feed_review.accept(settings, TRUCKS.feed_id, event=EVENT, measure={**measure, "rate_pct": 25.0})
    (row,) = read_timelines(settings)["measures"]
    assert (row.values["rate_pct"], row.values["event_id"]) == (25.0, "user-trucks-2025-11")


@pytest.mark.slow
def test_cells_that_the_timelines_refuse_leave_no_decision(settings) -> None:
    with pytest.raises(TimelineError, match=r"begins with user-|begin with user-"):
        feed_review.accept(settings, TRUCKS.feed_id, event={**EVENT, "event_id": "trucks"})
    with pytest.raises(TimelineError):
        feed_review.accept(settings, TRUCKS.feed_id, event={**EVENT, "timeline": "no_such_story"})
    assert status(settings, TRUCKS)[0] == "unreviewed"


@pytest.mark.slow
def test_a_rejection_keeps_its_reason_through_a_new_store(settings) -> None:
    assert feed_review.reject(settings, "2025-06001", "  no   trade ") == CANCER.feed_id
    assert status(settings, CANCER) == ("rejected", "no trade")
    with pytest.raises(UsageError, match="say why"):
        feed_review.reject(settings, TRUCKS.feed_id, " ")
    rows = [candidate_row(CANCER, keywords(), text="Stay healthy.", retrieved_at=AT)]

    def parser(payload):
        return (lambda _: parsed(rows)) if payload.extra.get("test") else parser_of_archived(payload)

    rebuild_store_from_archive(settings, parser, lambda con: register(settings, con))
    assert status(settings, CANCER) == ("rejected", "no trade")


def test_an_unknown_candidate_is_refused_with_those_like_it(settings) -> None:
    with pytest.raises(UsageError, match="nearest: federal_register:2025-19639"):
        feed_review.candidate(settings, "federal_register:2025-19638")


def test_without_a_refresh_a_person_is_told_to_make_one(tmp_path) -> None:
    empty = settings_at(tmp_path / "empty")
    with pytest.raises(UsageError, match="headway feed refresh"):
        feed_review.candidates(empty)
    with open_store(empty.store):
        pass
    with pytest.raises(UsageError, match="headway feed refresh"):
        feed_review.candidates(empty)


def test_other_bytes_are_no_decision() -> None:
    with pytest.raises(SchemaChangedError):
        feed_review.parse_decision(b'{"feed_id": "x"}')


def test_candidates_beside_another_run_say_who_writes(settings) -> None:
    """`headway feed list` ended with DuckDB's traceback while a refresh was running."""
    with (
        other_writer(settings, settings.store) as writer,
        pytest.raises(WriterBusyError, match=f"process {writer.pid}"),
    ):
        feed_review.list_candidates(settings)
