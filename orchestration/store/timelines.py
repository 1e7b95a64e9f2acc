"""The rows of the user's own timelines in the store: replaced as a whole, not kept as vintages.

Belongs here: their tables and the one statement of what they hold. Does not belong here: where the rows come from and whether they are good
(intake/timeline), what they mean (dbt_project).

Events have no vintages, as the bundled ones have none. What was there before is in the archive: each state of the files is a payload.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import polars as pl

from orchestration.base.errors import StoreError
from orchestration.store.archive import ArchivedPayload
from orchestration.store.loading import insert_payload
from orchestration.store.opened import OWN_TIMELINES
from transforms.timeline import TIMELINE_TABLES, Kind


def replace_timelines(
    con: duckdb.DuckDBPyConnection, payload: ArchivedPayload | None, frames: Mapping[Kind, pl.DataFrame]
) -> None:
    """Put `frames` (TIMELINE_COLUMNS of their kind) in the place of all rows of a user's timelines; within the caller's transaction.

    payload: the archived files that the rows are of, None where there are none. Raises StoreError where the store cannot be written.
    """
    try:
        con.execute("DELETE FROM raw.payload WHERE source_id = ?", [OWN_TIMELINES])
        if payload is not None:
            insert_payload(con, payload)
        for kind, table in TIMELINE_TABLES.items():
            con.execute(f"DELETE FROM raw.{table}")
            if payload is not None and kind in frames:
                con.register("own_rows", frames[kind])
                con.execute(
                    f"INSERT INTO raw.{table} BY NAME SELECT *, ? AS payload_id FROM own_rows",
                    [payload.payload_id],
                )
                con.unregister("own_rows")
    except duckdb.Error as error:
        raise StoreError(f"the own timelines could not be loaded: {str(error).splitlines()[0]}") from error
