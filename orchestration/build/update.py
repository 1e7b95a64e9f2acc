"""A build that makes again only what a change of the store reaches: models, and of many of them only the rows of the series that changed.

Belongs here: which models are made again, one model, for all series or for some.
Does not belong here: what is remembered between builds (journal.py), a whole build by dbt (dbt_runner.py), data tests (data_tests.py).

Everything that dbt made whole once is kept, with the SQL as dbt compiled it. A model is made again where something that it reads has
another content; if what comes out is what is there already, nothing that reads it is made again. A model that declares
`by_series` (a list of inputs, in its meta) says: a row needs of these inputs only the rows of its own series. It is made again for the
series that changed, unless another of its inputs changed. One that declares `series_of` says: of this input it reads only the series that
another input names, and a change of any other is none. tests/integration/build/test_update.py proves the declarations, and that an update
gives what a whole build gives. Whatever changed in code, models or seeds is a whole build.
"""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from orchestration.base.duck import opened, quoted
from orchestration.base.public_table import series_column
from orchestration.base.settings import Settings
from orchestration.build import journal, statistics_cache
from orchestration.build.data_tests import Slice
from orchestration.build.dbt_call import environment
from orchestration.build.fingerprint import code_fingerprint
from orchestration.build.journal import PUBLISHED, PYTHON, SEED, SOURCE, SQL, TEST, VIEW, Node
from orchestration.build.session import build_session

#: with more series changed than this a whole build is faster: it makes two models at a time
MANY_SERIES = 60
#: the literal of the time of a build, as the macro build_timestamp writes it
_STAMP = re.compile(r"timestamp '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'")
#: the database in memory that holds inputs cut down to some series
_PART = "memory"


@dataclass(frozen=True)
class Updated:
    """What an update did. seconds: model that was made again -> how long it took. series: the same -> of how many series, None for all.
    names: unique id -> name of everything that dbt makes. tests: unique id of each data test that has to run again -> the rows of its
    subject that changed, where nothing else did that it reads; None for all that it reads."""

    seconds: dict[str, float]
    series: dict[str, int | None]
    names: dict[str, str]
    tests: dict[str, Slice | None]


def remember(
    settings: Settings,
    nodes: Mapping[str, Any],
    compiled: Mapping[str, str | None],
    started: datetime,
    code: str,
) -> None:
    """Write the journal into the file of a whole build that ended well.

    nodes:    unique id -> node of dbt's manifest, sources included (Any: dbt publishes no types of them). compiled: unique id -> its SQL.
    started:  when the build began, UTC: SQL that names a later moment depends on the day. code: code_fingerprint at that time: somebody
              may have changed a file since.
    """
    listed = [_node(settings, node, compiled.get(unique_id), started) for unique_id, node in nodes.items()]
    with build_session(settings) as con:
        journal.begin(
            con,
            [node for node in listed if node.kind != SOURCE],
            [node for node in listed if node.kind == SOURCE],
            code=code,
            day=f"{started:%Y-%m-%d}",
        )


def is_possible(settings: Settings) -> bool:
    """Whether the file of the last build can be brought up to date: the same code, models and seeds made it."""
    if not settings.build_database.exists():
        return False
    try:
        with opened(settings.build_database) as con:
            kept = journal.state(con)
    except duckdb.Error:
        return False
    return kept is not None and kept["code"] == code_fingerprint(settings)


def apply(settings: Settings, say: Callable[[str, int, int], None]) -> Updated | None:
    """Bring the file of the last build up to date with the store.

    say: is told each model with its number and how many there may be. None where so much changed that a whole build is faster.
    Raises what a model raises: the file is then as it was before that model, and a whole build makes it anew.
    """
    # the models in Python look for kept statistics in HEADWAY_HOME
    with environment(settings), build_session(settings) as con:
        known = journal.nodes(con)
        journal.note_changes_of_store(con, known)
        journal.note_new_day(con, known, f"{datetime.now(UTC):%Y-%m-%d}")
        if journal.series_of_store(con) > MANY_SERIES:
            return None
        names = {
            node.unique_id: node.name for node in known.values() if node.kind in (SEED, VIEW, SQL, PYTHON)
        }
        done = Updated({}, {}, names, {})
        models = [node for node in known.values() if node.kind in (VIEW, SQL, PYTHON)]
        for number, node in enumerate(models, start=1):
            waiting = journal.awaiting(con, node, known)
            if waiting is False:
                continue
            assert not isinstance(waiting, bool)
            say(node.name, number, len(models))
            started = time.perf_counter()
            if node.kind == VIEW:
                with _transaction(con):
                    journal.tell(con, node, waiting, known)
                    journal.seen(con, node.unique_id)
                continue
            _make_again(con, node, waiting, known)
            done.seconds[node.unique_id] = time.perf_counter() - started
            done.series[node.unique_id] = None if waiting is None else len(waiting)
        done.tests.update(_tests_waiting(con, known))
    return done


def _tests_waiting(con: duckdb.DuckDBPyConnection, known: Mapping[str, Node]) -> dict[str, Slice | None]:
    """`tests` of Updated."""
    changes: dict[str, dict[str, set[str | None]]] = {}
    for reader, parent, series in con.execute(
        "SELECT DISTINCT reader, parent, series_id FROM kept.pending"
    ).fetchall():
        if reader in known and known[reader].kind == TEST:
            changes.setdefault(reader, {}).setdefault(parent, set()).add(series)
    waiting: dict[str, Slice | None] = {}
    columns: dict[str, str | None] = {}
    for reader, parents in changes.items():
        waiting[reader] = None
        ((parent, series), *others) = parents.items()
        named = tuple(sorted(one for one in series if one is not None))
        if others or len(named) < len(series) or known[parent].kind not in (VIEW, SQL, PYTHON):
            continue
        place = known[parent].place
        if place not in columns:
            columns[place] = series_column(journal.columns_of(con, place))
        if (column := columns[place]) is not None:
            waiting[reader] = Slice(place, column, named)
    return waiting


def tested(settings: Settings) -> None:
    """Take the data tests out of the journal, once their results are written."""
    with opened(settings.build_database, read_only=False) as con:
        con.execute(
            "DELETE FROM kept.pending WHERE reader IN (SELECT unique_id FROM kept.node WHERE kind = ?)",
            [TEST],
        )


def unpublished(settings: Settings) -> tuple[str, dict[str, set[str] | None]] | None:
    """The release that holds what the file held before its last updates, and what they changed since: public table -> the series, None
    for all of it. None where there is no such release: the next one is written whole."""
    if not settings.build_database.exists():
        return None
    with opened(settings.build_database) as con:
        kept = journal.state(con)
        if kept is None or kept["release"] is None:
            return None
        known = journal.nodes(con)
        changes: dict[str, set[str] | None] = {}
        for node in known.values():
            if node.kind == PUBLISHED:
                waiting = journal.awaiting(con, node, known)
                if waiting is not False:
                    assert not isinstance(waiting, bool)
                    changes[node.name] = waiting
        return kept["release"], changes


def published(settings: Settings, run_id: str) -> None:
    """Say that the release `run_id` holds what the file holds now."""
    with opened(settings.build_database, read_only=False) as con:
        if journal.state(con) is None:
            return
        with _transaction(con):
            con.execute("UPDATE kept.state SET release = ?", [run_id])
            con.execute(
                "DELETE FROM kept.pending WHERE reader IN (SELECT unique_id FROM kept.node WHERE kind = ?)",
                [PUBLISHED],
            )


def made_for_series(
    con: duckdb.DuckDBPyConnection,
    node: Node,
    series: Iterable[str] | None,
    known: Mapping[str, Node],
    target: str,
) -> None:
    """Make the table `target` with the rows of a model: of some series, or all of them (None)."""
    chosen = None if series is None else sorted(series)
    if chosen is not None:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE changed_series AS SELECT unnest(?::VARCHAR[]) AS series_id",
            [chosen],
        )
    inputs = {known[parent].name: known[parent] for parent in node.parents if parent in known}
    places = {name: parent.place for name, parent in inputs.items()}
    if chosen is not None:
        places |= {name: _cut_down(con, inputs[name], known) for name in node.by_series}
    if node.kind == PYTHON:
        assert node.definition is not None
        dbt = SimpleNamespace(config=lambda **_: None, ref=lambda name: con.sql(f"FROM {places[name]}"))
        with statistics_cache.of_some_series() if chosen is not None else _nothing():
            frame = _function(Path(node.definition))(dbt, con)
        con.register("frame_of_model", frame)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS FROM frame_of_model")
        con.unregister("frame_of_model")
    else:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS {_rewritten(node, inputs, places)}")


def _make_again(
    con: duckdb.DuckDBPyConnection, node: Node, waiting: set[str] | None, known: Mapping[str, Node]
) -> None:
    """Make a model again and put what is different in the place of what was there; tell its readers which series that is."""
    made_for_series(con, node, waiting, known, "made")
    column = series_column(journal.columns_of(con, node.place))
    # as the table has them: a model in Python gives its columns in its own order, SQL without a contract too
    con.execute(f"CREATE OR REPLACE TEMP TABLE now AS FROM {node.place} LIMIT 0")
    con.execute("INSERT INTO now BY NAME FROM made")
    old = node.place
    if waiting is not None:
        assert column is not None, f"{node.name} declares by_series and has no series"
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE before AS FROM {node.place} WHERE {column} IN (FROM changed_series)"
        )
        old = "before"
    contents = [journal.content_of(con, place, exact=False) for place in ("now", old)]
    rows = con.execute(
        f"""SELECT DISTINCT series_id FROM (
                (({contents[0]}) EXCEPT ({contents[1]})) UNION ALL (({contents[1]}) EXCEPT ({contents[0]})))"""
    ).fetchall()
    changed = [series for (series,) in rows]
    with _transaction(con):
        if changed and (column is None or None in changed):
            con.execute(f"DELETE FROM {node.place}")
            con.execute(f"INSERT INTO {node.place} FROM now")
            journal.tell(con, node, None, known)
        elif changed:
            con.execute(
                "CREATE OR REPLACE TEMP TABLE different AS SELECT unnest(?::VARCHAR[]) AS series_id",
                [changed],
            )
            con.execute(f"DELETE FROM {node.place} WHERE {column} IN (FROM different)")
            con.execute(f"INSERT INTO {node.place} FROM now WHERE {column} IN (FROM different)")
            journal.tell(con, node, changed, known)
        journal.seen(con, node.unique_id)
    for name in ("made", "now", "before", "different"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _cut_down(con: duckdb.DuckDBPyConnection, node: Node, known: Mapping[str, Node]) -> str:
    """Make the rows of the changed series of an input, and say where they are. A view is asked of inputs that are cut down themselves."""
    place = f"{_PART}.main.{quoted(node.name)}"
    column = series_column(journal.columns_of(con, node.place))
    query = f"SELECT * FROM {node.place} WHERE {column} IN (FROM changed_series)"
    if node.kind == VIEW and node.by_series:
        inputs = {known[parent].name: known[parent] for parent in node.parents if parent in known}
        places = {name: parent.place for name, parent in inputs.items()}
        places |= {name: _cut_down(con, inputs[name], known) for name in node.by_series}
        query = _rewritten(node, inputs, places)
    con.execute(f"CREATE OR REPLACE TABLE {place} AS {query}")
    return place


def _rewritten(node: Node, inputs: Mapping[str, Node], places: Mapping[str, str]) -> str:
    """The SQL of a model, reading its inputs from `places`, at the time of now where it names the time of the build."""
    assert node.definition is not None
    sql = node.definition
    for name, parent in inputs.items():
        sql = sql.replace(parent.place, places[name])
    if node.stamp is not None:
        sql = sql.replace(node.stamp, f"timestamp '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}'")
    return sql


def _node(settings: Settings, node: Any, sql: str | None, started: datetime) -> Node:
    """A node of dbt's manifest as the journal keeps it."""
    kind = str(node.resource_type)
    parents = tuple(getattr(getattr(node, "depends_on", None), "nodes", ()))
    database, schema, name = node.database, node.schema, node.name
    place = ".".join(f'"{part}"' for part in (database, schema, node.identifier if kind == SOURCE else name))
    meta = getattr(node.config, "meta", None) or {}
    definition, stamp = sql, None
    if kind == "model":
        kind = PYTHON if node.language == "python" else VIEW if node.config.materialized == "view" else SQL
        if kind == PYTHON:
            definition = str(settings.dbt_project / node.original_file_path)
        elif sql:
            named = {match for match in _STAMP.findall(sql) if match >= f"{started:%Y-%m-%d %H:%M:%S}"}
            stamp = f"timestamp '{named.pop()}'" if named else None
    series_of = tuple(f"{read} {said}" for read, named in meta.get("series_of", {}).items() for said in named)
    return Node(
        *(node.unique_id, name, place, kind, definition, stamp, parents),
        by_series=tuple(meta.get("by_series", ())),
        series_of=series_of,
    )


def _function(path: Path) -> Callable[..., Any]:
    """The function `model` of a model in Python."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[..., Any] = module.model
    return function


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All statements of the block, or none of them."""
    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


@contextmanager
def _nothing() -> Iterator[None]:
    yield
