"""One payload from bytes to the store: archived before it is parsed, set aside where it cannot be trusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.sources.registry import SOURCES
from orchestration.store.archive import Archive, Quarantined
from orchestration.store.ingest import ingest, register_sources
from orchestration.store.opened import open_store
from tests.support.parsed import RETRIEVED, month, observations, settings_at
from transforms.schema import FrameError


@pytest.fixture
def settings(tmp_path: Path):
    return settings_at(tmp_path)


def take_in(settings, con, parse, content: bytes = b"bytes", **more):
    return ingest(
        con, Archive(settings), content=content, parse=parse, source_id="test", dataset="d",
        request_url="https://example.org/", retrieved_at=RETRIEVED, **more,
    )  # fmt: skip


def one_row(content: bytes):
    return observations([("a", month(0), 1.0, datetime(2026, 1, 5))])


def test_bytes_are_archived_before_they_are_parsed(settings) -> None:
    def parse(content: bytes):
        assert len(Archive(settings).payloads()) == 1, "a parser that kills the process would lose the bytes"
        return one_row(content)

    with open_store(settings.store) as con:
        assert take_in(settings, con, parse).rows_appended == 1


@pytest.mark.parametrize("error", [FrameError, KeyError, ZeroDivisionError])
def test_what_a_parser_raises_sets_the_payload_aside_with_its_reason(
    settings, error: type[Exception]
) -> None:
    # a class and not an instance: that would keep the frames it passed through, and their connections, to the end of the run
    def parse(_content: bytes):
        raise error("no table")

    with open_store(settings.store) as con:
        outcome = take_in(settings, con, parse)
        assert isinstance(outcome, Quarantined) and "no table" in outcome.reason
        assert con.execute("SELECT count(*) FROM raw.observation").fetchall() == [(0,)]
    assert not Archive(settings).payloads()


def test_bytes_that_were_loaded_are_parsed_again_only_by_another_version(settings) -> None:
    parses = []

    def parse(content: bytes):
        parses.append(content)
        return one_row(content)

    with open_store(settings.store) as con:
        for version in ("1", "1", "2"):
            take_in(settings, con, parse, parser_version=version)
    assert len(parses) == 2


def test_a_source_that_is_described_anew_is_updated(settings) -> None:
    with open_store(settings.store) as con:
        register_sources(con, SOURCES)
        register_sources(con, [replace(SOURCES[0], title="Another title")])
        titles = dict(con.execute("SELECT source_id, title FROM raw.source").fetchall())
    assert titles[SOURCES[0].source_id] == "Another title" and len(titles) == len(SOURCES)
