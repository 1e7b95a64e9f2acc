"""What the file of a build knows of its own making: what reads what, what the store held, and which changes still have to go where.

Belongs here: schema `kept` of build/headway.duckdb: writing it after a whole build, finding what changed since, the journal of changes.
Does not belong here: making models again (update.py), what a release copies (release/public_file.py).

The journal holds one row for each change that a reader (a model, a data test, the release) has not seen yet. A table and the rows of the
journal that follow from it change in one transaction, so that a build that is killed goes on where it was, and never takes
a table for new whose readers are old. The names of the series that changed go along where they are known: a change of one figure then
costs the rows of one series.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from typing import Any

import duckdb
import polars as pl

from orchestration.base.duck import quoted, scalar
from orchestration.base.public_table import series_column

#: the readers of changes that are no models: one for each public table, whose changes the next release takes over
RELEASE = "release."
#: what a node is
SOURCE, SEED, VIEW, SQL, PYTHON, TEST, PUBLISHED = (
    "source",
    "seed",
    "view",
    "sql",
    "python",
    "test",
    "published",
)

_TABLES = """
    CREATE SCHEMA kept;
    -- code: hash of all code and models; build_day: the day of the build; release: which release holds what the file held then
    CREATE TABLE kept.state (code VARCHAR NOT NULL, build_day DATE NOT NULL, release VARCHAR);
    CREATE TABLE kept.node (unique_id VARCHAR NOT NULL, name VARCHAR NOT NULL, place VARCHAR NOT NULL, kind VARCHAR NOT NULL,
        -- the query, or the file of a model in Python; of a node that names the time of the build, that time
        definition VARCHAR, stamp VARCHAR, parents VARCHAR[] NOT NULL, by_series VARCHAR[] NOT NULL, series_of VARCHAR[] NOT NULL,
        position INTEGER NOT NULL);
    -- content of each table of the store, by series where it has them (series_id null: rows of no series)
    CREATE TABLE kept.content (unique_id VARCHAR NOT NULL, series_id VARCHAR, n_rows BIGINT NOT NULL, digest HUGEINT NOT NULL);
    -- a change of `parent` that `reader` has not seen; series_id null: of the whole table
    CREATE TABLE kept.pending (reader VARCHAR NOT NULL, parent VARCHAR NOT NULL, series_id VARCHAR);
"""


@dataclass(frozen=True)
class Node:
    """A table, view, test or source of the project, as the last whole build knew it.

    place:     quoted name in the database, with its catalog. definition: compiled SQL; of a model in Python its file.
    stamp:     the literal of the time of the build in `definition`, where there is one.
    by_series: names of those inputs of which a row needs only the rows of its own series.
    series_of: "input other column": of the input only the rows of those series are read that another input names in a column.
    """

    unique_id: str
    name: str
    place: str
    kind: str
    definition: str | None
    stamp: str | None
    parents: tuple[str, ...]
    by_series: tuple[str, ...]
    series_of: tuple[str, ...] = ()


#: of kept.node
_NODE_SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(("unique_id", "name", "place", "kind", "definition", "stamp"), pl.String()),
    **dict.fromkeys(("parents", "by_series", "series_of"), pl.List(pl.String())),
    "position": pl.Int32(),
}


def begin(
    con: duckdb.DuckDBPyConnection, nodes: Iterable[Node], sources: Iterable[Node], *, code: str, day: str
) -> None:
    """Write schema `kept` into the file of a whole build, in one transaction. `con` has the store attached as `store`."""
    listed = [*nodes, *sources]
    listed += [
        Node(
            unique_id=RELEASE + node.name,
            name=node.name,
            place=node.place,
            kind=PUBLISHED,
            definition=None,
            stamp=None,
            parents=(node.unique_id,),
            by_series=(node.name,),
        )
        for node in listed
        if node.kind in (VIEW, SQL, PYTHON) and '."main".' in node.place
    ]
    order = TopologicalSorter({node.unique_id: node.parents for node in listed}).static_order()
    position = {unique_id: number for number, unique_id in enumerate(order)}
    con.execute("BEGIN")
    con.execute("DROP SCHEMA IF EXISTS kept CASCADE")
    con.execute(_TABLES)
    con.execute("INSERT INTO kept.state VALUES (?, ?, NULL)", [code, day])
    rows = [{**asdict(node), "position": position[node.unique_id]} for node in listed]
    # one statement: DuckDB runs executemany row by row, which took 1.3 s for these thousand rows
    con.register("rows_of_nodes", pl.DataFrame(rows, schema=_NODE_SCHEMA))
    con.execute("INSERT INTO kept.node BY NAME FROM rows_of_nodes")
    con.unregister("rows_of_nodes")
    for node in listed:
        if node.kind == SOURCE:
            con.execute(
                f"INSERT INTO kept.content SELECT ?, * FROM ({content_of(con, node.place)})", [node.unique_id]
            )
    con.execute("COMMIT")


def state(con: duckdb.DuckDBPyConnection) -> Mapping[str, Any] | None:
    """Code, day and release of the file; None where no whole build ended in it."""
    there = scalar(
        con,
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'kept' AND table_name = 'state'",
    )
    if not there:
        return None
    rows = con.execute("SELECT code, CAST(build_day AS VARCHAR), release FROM kept.state").fetchall()
    return dict(zip(("code", "day", "release"), rows[0], strict=True)) if len(rows) == 1 else None


def nodes(con: duckdb.DuckDBPyConnection) -> dict[str, Node]:
    """All nodes, each after those that it reads."""
    rows = con.execute("SELECT * EXCLUDE (position) FROM kept.node ORDER BY position").fetchall()
    return {
        unique_id: Node(
            unique_id,
            name,
            place,
            kind,
            definition,
            stamp,
            tuple(parents),
            tuple(by_series),
            tuple(series_of),
        )
        for unique_id, name, place, kind, definition, stamp, parents, by_series, series_of in rows
    }


def columns_of(con: duckdb.DuckDBPyConnection, place: str) -> list[str]:
    """Names of the columns of a table or view, in their order."""
    return [row[0] for row in con.execute(f"DESCRIBE {place}").fetchall()]


def content_of(con: duckdb.DuckDBPyConnection, place: str, *, exact: bool = True) -> str:
    """A query for series_id, number of rows and digest of a table, one row a series; one row with null where it has no series.

    The digest is the sum of a 64-bit hash of each row: it does not depend on the order of rows, and counts each that is there twice
    twice. exact: False takes numbers of twelve equal digits for the same number: a sum of the same numbers in another order differs in
    its last one, and a table would count as changed whose inputs did not."""
    types = {row[0]: row[1] for row in con.execute(f"DESCRIBE {place}").fetchall()}
    column = series_column(types)
    series = "CAST(NULL AS VARCHAR)" if column is None else quoted(column)
    values = ", ".join(quoted(name) if exact else _rounded(name, of) for name, of in types.items())
    return (
        f"SELECT {series} AS series_id, count(*) AS n_rows, coalesce(sum(hash({values})), 0) AS digest "
        f"FROM {place} GROUP BY ALL"
    )


def _rounded(name: str, of: str) -> str:
    """A column, its numbers rounded to 39 of their 53 bits, which are twelve digits: Veltkamp's splitting (T. J. Dekker, "A floating-point
    technique for extending the available precision", Numerische Mathematik 18, 1971), three operations a number."""
    factor = f"{2**14 + 1}::DOUBLE"
    if of == "DOUBLE":
        number = quoted(name)
        return f"({factor} * {number} - ({factor} * {number} - {number}))"
    if of == "DOUBLE[]":
        return f"list_transform({quoted(name)}, lambda x: {factor} * x - ({factor} * x - x))"
    return quoted(name)


def note_changes_of_store(con: duckdb.DuckDBPyConnection, known: Mapping[str, Node]) -> None:
    """Compare the store with what it held when it was last compared, and tell the readers of its tables what changed."""
    for node in known.values():
        if node.kind != SOURCE:
            continue
        con.execute(f"CREATE OR REPLACE TEMP TABLE now AS {content_of(con, node.place)}")
        con.execute("BEGIN")
        changed = con.execute(
            """SELECT DISTINCT series_id FROM (
                   (FROM now EXCEPT SELECT series_id, n_rows, digest FROM kept.content WHERE unique_id = $node)
                   UNION ALL
                   (SELECT series_id, n_rows, digest FROM kept.content WHERE unique_id = $node EXCEPT FROM now))""",
            {"node": node.unique_id},
        ).fetchall()
        if changed:
            series = [row[0] for row in changed]
            tell(con, node, None if None in series else series, known)
            con.execute("DELETE FROM kept.content WHERE unique_id = ?", [node.unique_id])
            con.execute("INSERT INTO kept.content SELECT ?, * FROM now", [node.unique_id])
        con.execute("COMMIT")
    con.execute("DROP TABLE IF EXISTS now")


def series_of_store(con: duckdb.DuckDBPyConnection) -> int:
    """Number of series whose changes in the store a model has not seen."""
    number: int = scalar(
        con,
        "SELECT count(DISTINCT series_id) FROM kept.pending JOIN kept.node ON parent = unique_id WHERE kind = ?",
        [SOURCE],
    )
    return number


def note_new_day(con: duckdb.DuckDBPyConnection, known: Mapping[str, Node], day: str) -> None:
    """Let what depends on the day of the build be made again, where it is another day than that of the last build."""
    con.execute("BEGIN")
    if scalar(con, "SELECT count(*) FROM kept.state WHERE build_day <> CAST(? AS DATE)", [day]):
        for node in known.values():
            if node.stamp is not None:
                con.execute("INSERT INTO kept.pending VALUES (?, 'day', NULL)", [node.unique_id])
        con.execute("UPDATE kept.state SET build_day = CAST(? AS DATE)", [day])
    con.execute("COMMIT")


def tell(
    con: duckdb.DuckDBPyConnection, node: Node, series: Iterable[str] | None, known: Mapping[str, Node]
) -> None:
    """Enter a change of `node` for all that read it. series: which changed; None where that is not known or it has none."""
    readers = [reader.unique_id for reader in known.values() if node.unique_id in reader.parents]
    con.execute(
        "INSERT INTO kept.pending SELECT reader, ?, series FROM unnest(?::VARCHAR[]) AS r(reader), unnest(?::VARCHAR[]) AS s(series)",
        [node.unique_id, readers, [None] if series is None else list(series)],
    )


def awaiting(
    con: duckdb.DuckDBPyConnection, reader: Node, known: Mapping[str, Node]
) -> set[str] | bool | None:
    """What `reader` has not seen: False where there is nothing, a set of series where their rows are all that it needs to make again,
    None where all of it has to be made again."""
    rows = con.execute(
        "SELECT DISTINCT parent, series_id FROM kept.pending WHERE reader = ?", [reader.unique_id]
    ).fetchall()
    if not rows:
        return False
    names = {parent: known[parent].name for parent, _ in rows if parent in known}
    read = _series_read(con, reader, known, set(names.values()))
    waiting = set()
    for parent, series in rows:
        name = names.get(parent, "")
        if series is not None and name in read and series not in read[name]:
            continue
        if series is None or name not in reader.by_series:
            return None
        waiting.add(series)
    return waiting or False


def _series_read(
    con: duckdb.DuckDBPyConnection, reader: Node, known: Mapping[str, Node], wanted: Collection[str]
) -> dict[str, set[str]]:
    """Which series of an input `reader` reads, for those of the inputs `wanted` of which it says so. The table that names them is up to date:
    it is an input itself, and one whose change makes the reader whole."""
    places = {known[parent].name: known[parent].place for parent in reader.parents if parent in known}
    read: dict[str, set[str]] = {}
    for said in reader.series_of:
        name, other, column = said.split()
        if name in wanted:
            rows = con.execute(f"SELECT DISTINCT {quoted(column)} FROM {places[other]}").fetchall()
            read.setdefault(name, set()).update(series for (series,) in rows)
    return read


def seen(con: duckdb.DuckDBPyConnection, reader: str) -> None:
    """Take what `reader` has seen out of the journal."""
    con.execute("DELETE FROM kept.pending WHERE reader = ?", [reader])
