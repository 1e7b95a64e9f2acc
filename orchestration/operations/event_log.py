"""Dagster's event log during one run in this process: one open connection to each of its SQLite files.

Belongs here: how the log of a run is written. Does not belong here: the run (dagster_run.py), what is logged (defs/).

Dagster opens an engine, a connection and a transaction for each event, and SQLite waits for the disk at the end of each. A
build logs about 800 events: 8 ms each were 7 s of it. With the connections kept and without the waiting it is 1 s. A power cut
may lose the log of a run; the warehouse does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from dagster import AssetKey, DagsterInstance
    from sqlalchemy.engine import Connection


@contextmanager
def kept_open(instance: DagsterInstance) -> Iterator[None]:
    """Inside the block, `instance` keeps its connections to the event log; each event is still a transaction of its own, so
    that Dagster's page shows a run as it goes. A storage that is not SQLite's is left alone."""
    from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

    if not isinstance(instance.event_log_storage, SqliteEventLogStorage):
        yield
        return
    storage: Any = (
        instance.event_log_storage
    )  # Any, because some of its methods are put in the place of others
    connect = storage._connect
    open_ones: dict[str, Connection] = {}

    @contextmanager
    def held(shard: str) -> Iterator[Connection]:
        if shard not in open_ones:
            with connect(shard):  # makes the file and its tables where there are none yet
                pass
            open_ones[shard] = stack.enter_context(_opened(storage.conn_string_for_shard(shard)))
        with storage._db_lock, open_ones[shard].begin():
            yield open_ones[shard]

    with ExitStack() as stack:
        storage._connect = held
        storage.has_table = cache(storage.has_table)  # asked twice for each event; no run takes a table away
        # asked for each event of an asset, by reading the definition of a table that no run changes
        columns: dict[str, bool] = {}
        has_column = storage._has_asset_key_col_on_connection

        def known(connection: Connection, column: str) -> bool:
            if column not in columns:
                columns[column] = has_column(connection, column)
            return columns[column]

        storage._has_asset_key_col_on_connection = known
        stack.enter_context(_assets_of_a_step_once())
        try:
            yield
        finally:  # the methods of the class are seen again
            del storage._connect, storage.has_table, storage._has_asset_key_col_on_connection


@contextmanager
def _assets_of_a_step_once() -> Iterator[None]:
    """Inside the block the assets of a step are looked up once. Dagster does it with each output of the step, for all of its outputs: with
    138 of them 0.3 s of a build."""
    from dagster._core.execution.context.system import StepExecutionContext

    look_up = StepExecutionContext.get_output_asset_keys

    def kept(self: StepExecutionContext) -> frozenset[AssetKey]:
        known: dict[str, Any] = self.__dict__
        if "assets_of_this_step" not in known:
            known["assets_of_this_step"] = frozenset(look_up(self))
        found: frozenset[AssetKey] = known["assets_of_this_step"]
        return found

    with patch.object(StepExecutionContext, "get_output_asset_keys", kept):
        yield


@contextmanager
def _opened(address: str) -> Iterator[Connection]:
    """A connection that threads may share (the storage's lock lets one use it at a time) and that leaves writing to disk to
    the operating system."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        address, poolclass=NullPool, connect_args={"timeout": 60, "check_same_thread": False}
    )
    try:
        with engine.connect() as connection:
            connection.execute(text("PRAGMA synchronous = OFF"))
            connection.commit()
            yield connection
    finally:
        engine.dispose()
