"""Queries of the dashboard: limited, locked, never made of what a browser sent."""

from __future__ import annotations

import re

import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.readers.dashboard import reading
from orchestration.readers.dashboard.reading import Query, Release, current_release


def test_nothing_of_the_browser_becomes_sql_or_html() -> None:
    # the two ways in: SQL made of a value, and markup let through
    pages = sorted((PROJECT / "orchestration" / "readers" / "dashboard").glob("*.py"))
    assert len(pages) > 10, "the pages have moved and nothing is looked at"
    for file in pages:
        text = file.read_text()
        assert not re.search(r"unsafe_allow_html|st\.html\(|components\.|st\.write\(", text), file.name
        assert not re.search(r"query_params.*Query\(", text), file.name


def test_a_query_is_limited(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    release = current_release(home)
    with release.connection() as con:
        settings = dict(
            con.execute(
                "select name, value from duckdb_settings() where name in ('memory_limit', 'max_execution_time', "
                "'enable_external_access', 'lock_configuration', 'access_mode')"
            ).fetchall()
        )
    assert settings["enable_external_access"] == "false"
    assert settings["lock_configuration"] == "true"
    assert settings["access_mode"] == "read_only"
    assert int(settings["max_execution_time"]) == reading.QUERY_TIMEOUT * 1000
    monkeypatch.setattr(reading, "QUERY_TIMEOUT", 1)
    slow = "select count(*) from range(100000000) a, range(1000) b where a.range + b.range = -1"
    with pytest.raises(reading.NoReleaseError):
        Release(release.settings).ask(Query(slow))
