"""DuckDB as every room uses it: SQL text that is safe to put together, sessions with limits, single answers.

Belongs here: quoting, opening and closing connections, the limits of a session.
Does not belong here: what is asked (the rooms), the locked connection of readers to a release (readers/release_file.py).

duckdb is imported inside the functions: the module is also used where nothing is opened, and the import takes 0.1 s.
"""

from __future__ import annotations

import atexit
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    import duckdb
    import polars as pl

T = TypeVar("T")

# frame_of makes that copy knowingly
warnings.filterwarnings("ignore", "Arrow output on a DB-API result makes an extra copy", UserWarning)

#: of one session: of the 1.5 GB that a whole build may take, Python and its libraries (Dagster, dbt, polars) hold 0.5 GB by the time it
#: publishes; with 1 GB here the peak was 1.54 GB. Sorting the widest table in less costs a second of spilling
MEMORY_LIMIT = "800MB"
#: of a session that makes models: beside it in the same build are dbt and the frames of two models in Python. profiles.yml has it for dbt
BUILD_MEMORY_LIMIT = "600MB"
#: Freed memory is not given back to the system after each task and each large release: a cold build took 87.5 s of processor time with the
#: defaults of DuckDB 2.0.0 and 85.8 so (four pairs by turns), with the same peak of memory. At its memory limit DuckDB gives some back all
#: the same. profiles.yml has it for dbt
KEEP_FREED = {
    "allocator_flush_threshold": "1TB",
    "allocator_bulk_deallocation_flush_threshold": "1TB",
}
#: What DuckDB says where it found no memory for a query. Two queries at once sometimes find none although they fit: int_cut_candidate
#: beside int_control_difference failed in 2 of 67 runs at 600 MB and in none of 63 at 450 MB (DuckDB 2.0.0). Alone it succeeded in 47 of 47.
NO_MEMORY = "Out of Memory Error"
#: How a table is written as Parquet. DuckDB makes dictionaries of up to a fifth of a row group, 24,000 values, for columns of measured numbers,
#: too, which hardly repeat: without those rpt_before_after takes 3.3 s of a processor and 39 MB in place of 5.4 s and 44 MB
PARQUET = "FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 4096"


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """`text` as an SQL text literal, for statements that take no parameters: ATTACH, COPY, EXPORT, COMMENT."""
    return "'" + str(text).replace("'", "''") + "'"


@contextmanager
def opened(path: Path, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the database file `path`, closed on leaving. Raises duckdb.Error if it cannot be opened."""
    import duckdb

    con = duckdb.connect(str(path), read_only=read_only)
    try:
        yield con
    finally:
        con.close()


@dataclass
class _Attached:
    """A file in an instance that several connections of this process may use at once."""

    path: Path
    read_only: bool
    instance: duckdb.DuckDBPyConnection
    users: int = 0


#: the files that are attached just now, by the name of their database, and the instance for the next one
_attached: dict[str, _Attached] = {}
_instance: duckdb.DuckDBPyConnection | None = None
_attaching = threading.Lock()


@contextmanager
def attached(path: Path, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """As `opened`, in the instance that this process keeps for the files it opens again and again; they are let go on leaving as well.

    An instance takes 17 ms of a processor to begin and to end, because DuckDB registers its functions in it, and a file in one 0.4: a refresh
    opens the store some forty times. For statements of our own only: what is set with SET holds for the instance and so for the next file.
    Raises duckdb.Error if the file cannot be opened.
    """
    import duckdb

    path = path.resolve()
    with _attaching:
        file = _attached.get(path.stem) or _attach(path, read_only)
        shares = (file.path, file.read_only) == (path, read_only)
        file.users += shares
    if not shares:  # another file of this name is open, or this one in the other mode, which DuckDB refuses in its own words
        with opened(path, read_only=read_only) as con:
            yield con
        return
    try:
        with file.instance.cursor() as con:
            con.execute(f"USE {quoted(path.stem)}")
            yield con
    except duckdb.FatalException:
        _end_instance(file.instance)
        raise
    finally:
        with _attaching:
            file.users -= 1
            if not file.users:
                del _attached[path.stem]
                try:
                    file.instance.execute(f"DETACH {quoted(path.stem)}")
                except duckdb.Error:
                    # what could not be written into the file is in its log, as where a connection of DuckDB's own is closed
                    _end_instance(file.instance)


def _attach(path: Path, read_only: bool) -> _Attached:
    """Attach a file to the instance that this process keeps, which begins here where there is none."""
    import duckdb

    global _instance
    if _instance is None:
        _instance = duckdb.connect()
        # the binding of DuckDB complains of what is left when Python ends
        atexit.register(_end_instance, _instance)
    file = _Attached(path, read_only, _instance)
    try:
        file.instance.execute(
            f"ATTACH {literal(path)} AS {quoted(path.stem)}{' (READ_ONLY)' if read_only else ''}"
        )
    except duckdb.FatalException:
        _end_instance(file.instance)
        raise
    _attached[path.stem] = file
    return file


def _end_instance(instance: duckdb.DuckDBPyConnection) -> None:
    """Let go of an instance, and of what is attached to it: after a fatal error DuckDB answers nothing more in it."""
    global _instance
    if _instance is instance:
        _instance = None
    atexit.unregister(_end_instance)
    instance.close()


@contextmanager
def session(spill: Path, *, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session in memory that attaches files and writes new ones, within MEMORY_LIMIT; closed on leaving.

    spill:   folder that DuckDB makes for what does not fit into memory; the caller removes it.
    threads: as many as there are processors where it is not given.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(spill),
        # a forgotten table name must not be answered by a Python variable of that name
        "python_enable_replacements": "false",
        # With its own writing threads DuckDB 2.0.0 can wait for ever once a disk is full: 5 of 22 COPY to a disk of
        # 5 MB hung, none of 120 without them.
        "async_threads": "0",
        **KEEP_FREED,
    }
    if threads is not None:
        config["threads"] = threads
    con = duckdb.connect(config=config)
    try:
        yield con
    finally:
        con.close()


def two_at_a_time(
    con: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection, T], None], items: Iterable[T]
) -> None:
    """work(connection, item) for each item, in two threads, each with a connection of its own to what `con` is connected to.

    DuckDB writes a wide table with one of its threads, so that of two processors one waits. The connections see no temporary tables of
    `con`. Raises the first error, or what stopped the program; what the other thread does is interrupted, and what waits is not begun.
    """
    import duckdb

    database = quoted(scalar(con, "SELECT current_database()"))
    working: set[duckdb.DuckDBPyConnection] = set()
    failed = threading.Event()

    def one(item: T) -> None:
        with con.cursor() as own:
            working.add(own)  # before the question, so that who finds it unanswered is interrupted
            try:
                if failed.is_set():
                    return
                own.execute(f"USE {database}")
                work(own, item)
            except BaseException:
                failed.set()
                raise
            finally:
                working.discard(own)

    pool = ThreadPoolExecutor(2)
    try:
        for _ in pool.map(one, items):
            pass
    except BaseException:
        failed.set()
        # again and again: a connection between two statements hears nothing, and would go on with the next one
        while working:
            for own in tuple(working):
                with suppress(duckdb.ConnectionException):  # it was closed in this moment
                    own.interrupt()
            time.sleep(0.02)
        raise
    finally:
        pool.shutdown()


def scalar(con: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] | None = None) -> Any:
    """The one value of a query of one row and one column.

    Any, because DuckDB states no type for what a query gives. All rows are fetched: after fetchone the connection
    would still be busy with the query.
    """
    ((value,),) = con.execute(query, parameters).fetchall()
    return value


def frame_of(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """All rows of a query as a frame, with the columns and types of `con.sql(query).pl()`.

    That plans a query twice, once to know its columns: a public macro of 22,000 characters takes 0.18 s so, and 0.11 s here. What is copied
    once more for it (DuckDB warns of that) are the rows of a page, or of an agency's answer.
    """
    import polars as pl

    table = con.execute(query, dict(parameters) if parameters else None).to_arrow_table()
    return cast("pl.DataFrame", pl.from_arrow(table))
