"""The store made again from the archive alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestration.base.errors import PayloadError
from orchestration.base.settings import Settings
from orchestration.intake.agency import question as live
from orchestration.sources.registry import load_series_catalogue
from orchestration.store.archive import Archive, ArchivedPayload
from orchestration.store.ingest import register_series
from orchestration.store.opened import open_store
from orchestration.store.rebuild import rebuild_store_from_archive, redefined_series
from tests.replay.server import (
    ReplayServer,
)
from tests.support.refresh_case import MANUFACTURING, Agency, dataset, run, serve_agency, settings_at
from tests.support.stored import rows

QUERY = "SELECT series_id, period_start, value, known_from, payload_id FROM raw.observation ORDER BY ALL"


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


@pytest.mark.slow
def test_the_archive_alone_makes_the_same_store_again(settings, agency) -> None:
    run(settings)
    agency.values[MANUFACTURING]["2026-10"] = "12600"
    run(settings)
    before = rows(settings, QUERY)
    settings.store.unlink()
    made_again(settings)
    assert rows(settings, QUERY) == before and len(before) == 45


def put_unreadable(settings: Settings) -> ArchivedPayload:
    """Bytes that no parser reads, archived beside an answer that was loaded."""
    (accepted,) = Archive(settings).payloads()
    return Archive(settings).put(
        b"<html>",
        source_id="bls",
        dataset="ces",
        request_url=accepted.request_url,
        retrieved_at=accepted.retrieved_at + timedelta(hours=1),
        extra=accepted.extra,
    )


def made_again(settings: Settings) -> None:
    rebuild_store_from_archive(
        settings, lambda payload: live.parser_of_live(payload, [dataset()]), lambda con: None
    )


@pytest.mark.slow
def test_bytes_that_were_never_loaded_and_cannot_be_are_set_aside(settings, agency) -> None:
    """A run was killed before it set them aside: every rebuild of the store failed at them."""
    run(settings)
    before, accepted = rows(settings, QUERY), Archive(settings).payloads()
    unreadable = put_unreadable(settings)
    made_again(settings)
    assert rows(settings, QUERY) == before
    assert Archive(settings).payloads() == accepted
    assert [q.payload_id for q in Archive(settings).quarantined()] == [unreadable.payload_id]


@pytest.mark.slow
def test_bytes_that_were_loaded_once_leave_the_archive_by_nobody_but_the_operator(settings, agency) -> None:
    """A mistake in a new parser would empty the archive; without a store nobody knows what was loaded."""
    run(settings)
    unreadable = put_unreadable(settings)
    kept = settings.store.rename(settings.store.with_suffix(".kept"))
    with pytest.raises(PayloadError, match=f"{unreadable.payload_id} cannot be loaded any more"):
        made_again(settings)
    kept.rename(settings.store)
    with open_store(settings.store) as con:
        con.execute("UPDATE raw.load SET payload_id = ?", [unreadable.payload_id])
    with pytest.raises(PayloadError, match=f"{unreadable.payload_id} cannot be loaded any more"):
        made_again(settings)
    assert len(Archive(settings).payloads()) == 2 and not Archive(settings).quarantined()


def test_only_what_makes_another_series_counts_as_redefined(settings) -> None:
    """A reworded title would make the store again at every version; a corrected unit or basis that is missed is refused later."""
    catalogue = load_series_catalogue()
    assert redefined_series(settings, catalogue) == [], "there is no store yet"
    with open_store(settings.store) as con:
        register_series(con, catalogue)
        con.execute("UPDATE raw.series SET title = 'another', notes = 'other', source_code = 'x'")
        con.execute(
            "INSERT INTO raw.series BY NAME SELECT * REPLACE ('own_series' AS series_id, 'kg' AS unit) "
            "FROM raw.series WHERE series_id = 'fx_usd_cad'"
        )
    assert redefined_series(settings, catalogue) == []
    with open_store(settings.store) as con:
        con.execute("UPDATE raw.series SET basis = 'customs' WHERE series_id = 'fx_usd_cad'")
        con.execute(
            "UPDATE raw.series SET unit_multiplier = 7, unit = 'x' WHERE series_id = 'usa_employment_manufacturing'"
        )
    assert redefined_series(settings, catalogue) == [
        "fx_usd_cad: basis customs -> none",
        "usa_employment_manufacturing: unit x -> persons, unit_multiplier 7 -> 1000",
    ]
