"""Own rows in the store: replaced as a whole, or left as they were where the store refuses."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import StoreError
from orchestration.intake.timeline.own import typed
from orchestration.intake.timeline.rules import frame
from orchestration.store.opened import OWN_TIMELINES, loaded_timelines, open_store
from orchestration.store.timelines import replace_timelines
from tests.support.own_timeline_case import given
from tests.support.parsed import payload_of


def test_rows_are_replaced_and_taken_out(tmp_path: Path):
    """A row that was removed from a file would stay in every comparison."""
    from dataclasses import replace

    payload = replace(payload_of("x"), source_id=OWN_TIMELINES)
    frames = {
        kind: frame(kind, [typed(kind, row)[0] for row in rows]).drop("line")
        for kind, rows in given().items()
    }
    with open_store(tmp_path / "store.duckdb") as con:
        for _ in range(2):
            replace_timelines(con, payload, frames)
            assert con.execute("select event_id, payload_id from raw.own_event").fetchall() == [
                ("user-plant-closes-2019-10", payload.payload_id)
            ]
        assert loaded_timelines(con) == payload.sha256
        replace_timelines(con, None, {})
        assert loaded_timelines(con) is None
        assert con.execute("from raw.own_event").fetchall() == []


def test_a_store_that_refuses_is_named(tmp_path: Path):
    """A person would see an error of DuckDB and not know which rows it is about."""
    with duckdb.connect() as con, pytest.raises(StoreError, match="own timelines could not be loaded"):
        replace_timelines(con, None, {})
