"""What a killed run left between archive and store is loaded or set aside by the next one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from orchestration.store import archive as archive_module
from orchestration.store.archive import Archive, ArchivedPayload, Quarantined
from orchestration.store.ingest import ingest
from orchestration.store.loading import LoadAccount
from orchestration.store.opened import open_store
from orchestration.store.repair import load_what_was_left
from tests.support.parsed import RETRIEVED, month, observations, settings_at


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path)


def parser_of(payload: ArchivedPayload):
    def parse(content: bytes):
        return observations([("a", month(0), float(content), payload.retrieved_at)])

    return parse


def put(settings: Settings, content: bytes, hours: int = 0, **extra: object) -> ArchivedPayload:
    return Archive(settings).put(
        content,
        source_id="test",
        dataset="d",
        request_url="https://example.org/",
        retrieved_at=RETRIEVED + timedelta(hours=hours),
        extra=extra,
    )


def take_in(settings: Settings, con, content: bytes, hours: int = 0) -> LoadAccount | Quarantined:
    at = RETRIEVED + timedelta(hours=hours)
    return ingest(
        con,
        Archive(settings),
        content=content,
        parse=lambda content: observations([("a", month(0), float(content), at)]),
        source_id="test",
        dataset="d",
        request_url="https://example.org/",
        retrieved_at=at,
    )


def repaired(settings: Settings, con) -> list[tuple[str, LoadAccount | Quarantined]]:
    left = load_what_was_left(con, Archive(settings), "test", "d", parser_of)
    return [(payload.payload_id, what) for payload, what in left]


def known(con) -> list[tuple[float, datetime]]:
    return con.execute("SELECT value, known_from FROM raw.observation ORDER BY known_from").fetchall()


def test_what_was_archived_and_never_loaded_is_loaded_at_its_own_time(settings) -> None:
    """A run that was killed in between would cost a vintage: the agency has another figure by the next one."""
    with open_store(settings.store) as con:
        take_in(settings, con, b"1")
        left = put(settings, b"2", 1)
        take_in(settings, con, b"3", 2)
        ((payload_id, account),) = repaired(settings, con)
        assert payload_id == left.payload_id and isinstance(account, LoadAccount)
        times = [RETRIEVED + timedelta(hours=hours) for hours in range(3)]
        assert known(con) == list(zip((1.0, 2.0, 3.0), times, strict=True))
        assert repaired(settings, con) == []


def test_what_no_parser_reads_is_set_aside_and_what_comes_after_it_is_loaded(settings) -> None:
    """Bytes that a killed run had no time to set aside counted as accepted, and each rebuild of the store failed at them."""
    with open_store(settings.store) as con:
        bad, good = put(settings, b"<html>"), put(settings, b"2", 1)
        (first, why), (second, account) = repaired(settings, con)
        assert (first, second) == (bad.payload_id, good.payload_id)
        assert isinstance(why, Quarantined) and "could not convert" in why.reason
        assert isinstance(account, LoadAccount) and account.rows_appended == 1
    assert Archive(settings).payloads() == [good]


def test_a_return_to_older_bytes_is_told_from_them(settings) -> None:
    """Both have one sha256. The second would count as loaded by the first, and its vintage would be missing."""
    with open_store(settings.store) as con:
        take_in(settings, con, b"1")
        take_in(settings, con, b"2", 1)
        again = put(settings, b"1", 2)
        assert [payload_id for payload_id, _ in repaired(settings, con)] == [again.payload_id]
        assert [value for value, _ in known(con)] == [1.0, 2.0, 1.0]


def test_what_was_loaded_without_a_series_is_loaded_again_when_the_sidecar_has_it(settings) -> None:
    with open_store(settings.store) as con:
        take_in(settings, con, b"1")
        con.execute("UPDATE raw.load SET parser_version = '1 without b'")
        ((_, account),) = repaired(settings, con)
        assert isinstance(account, LoadAccount) and account.rows_appended == 0
        assert repaired(settings, con) == []


def test_bytes_that_were_accepted_once_stay_in_the_archive(settings) -> None:
    """Their rows are in the store. A parser that reads them no longer must not take away where these came from."""
    with open_store(settings.store) as con:
        take_in(settings, con, b"1")
        con.execute("UPDATE raw.load SET parser_version = '1 without b'")

        def unreadable(_payload: ArchivedPayload):
            return lambda _content: {}["gone"]

        ((_, what),) = load_what_was_left(con, Archive(settings), "test", "d", unreadable)
    assert isinstance(what, Quarantined)
    assert len(Archive(settings).payloads()) == 1


def test_where_nothing_was_left_no_sidecar_is_read(settings, monkeypatch) -> None:
    """A refresh asks this of each dataset; one read for each answer of ten years would be what it waits for."""
    with open_store(settings.store) as con:
        for hours in range(3):
            take_in(settings, con, str(hours).encode(), hours)
        monkeypatch.setattr(archive_module, "_read_sidecar", lambda path: pytest.fail(f"{path} was read"))
        assert repaired(settings, con) == []
