"""The public database file: schema main of the build, alone, in a storage format that older clients read.

Belongs here: copying tables, views, comments and macros out of the build into a new file; refusing what would
point outside it; opening the finished file. Does not belong here: checks (contract.py), folders (folders.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.duck import literal, quoted, scalar, session, two_at_a_time
from orchestration.base.errors import ReleaseError
from orchestration.base.public_table import constraint_keys, series_column
from orchestration.base.settings import STORAGE_VERSION

#: names of the attached databases. The public one has the name its readers see when they open `headway.duckdb`.
_BUILD, _SKELETON, _PUBLIC = "_build", "_skeleton", "headway"
#: a table of more rows than this has changed rows exchanged, where they are no more than this share of it
_BIG, _FEW = 200_000, 0.2
#: share of a file that may be free space, left by tables that were written again (the largest table is half of a file) and used by the next
_FREE = 0.5
#: the column of the month that parts the windows of a comparison
_CUT = "cut_month"
#: a node of a parse tree: JSON whose shape DuckDB does not document, hence Any
Node = dict[str, Any]
#: table functions that read nothing but their arguments; every other one would reach outside the file
_PURE_TABLE_FUNCTIONS = {"generate_series", "range", "unnest"}


@contextmanager
def open_finished(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The finished file, read-only, as the current database. Its name here is not the one it was written under, so a
    definition that names its own database, and would break in a copy of the file, fails now."""
    with session(file.parent / ".spill") as con:
        con.execute(f"ATTACH {literal(file)} AS finished (READ_ONLY)")
        con.execute("USE finished")
        yield con


def assemble(build: Path, target: Path, *, keys: Mapping[str, Sequence[str]]) -> None:
    """Write schema main of `build` to the new file `target`: tables with their constraints, sorted (_order); views;
    table and scalar macros with their default arguments; all comments. `keys` are keys that no constraint declares.

    Raises ReleaseError if a view or macro refers to anything that is not in the file, or if rows went missing.
    """
    with session(target.parent / ".spill") as con:
        con.execute(f"ATTACH {literal(build)} AS {_BUILD} (READ_ONLY)")
        statements = _definitions(con, target.parent / ".skeleton", catalog=build.stem)
        con.execute(f"ATTACH {literal(target)} AS {_PUBLIC} (STORAGE_VERSION '{STORAGE_VERSION}')")
        con.execute(f"USE {_PUBLIC}")
        _create(con, statements)
        _fill(con, keys)
        con.execute("BEGIN")  # a thousand statements, each of which would be written to the log and synced
        for statement in _comments(con):
            con.execute(statement)
        con.execute("COMMIT")
        con.execute(f"CHECKPOINT {_PUBLIC}")
    if target.with_name(target.name + ".wal").exists():
        raise ReleaseError(f"{target.name} was not checkpointed: a write-ahead log is left beside it")


def amend(
    build: Path,
    target: Path,
    changes: Mapping[str, Collection[str] | None],
    *,
    keys: Mapping[str, Sequence[str]],
) -> bool:
    """Bring `target`, a writable copy of the file of an earlier release of the same code and models, up to date with `build`.

    changes: table -> the series whose rows changed, None for all of it; views are passed over, they read what changed. Of a table with
    few changed rows these are exchanged, and stand after the others; any other is written again, sorted. False where so
    much of the file is free space by now that writing it whole is better. Raises ReleaseError where rows went missing.
    """
    with session(target.parent / ".spill") as con:
        con.execute(f"ATTACH {literal(build)} AS {_BUILD} (READ_ONLY)")
        con.execute(f"ATTACH {literal(target)} AS {_PUBLIC}")
        known = {**constraint_keys(con, _PUBLIC), **keys}
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY table_oid", [_PUBLIC]
        ).fetchall()
        for (table,) in tables:
            if table not in changes:
                continue
            name, series = quoted(table), changes[table]
            chosen, rows = "", scalar(con, f"SELECT count(*) FROM {_BUILD}.main.{name}")
            if series is not None:
                con.execute(
                    "CREATE OR REPLACE TEMP TABLE changed AS SELECT unnest(?::VARCHAR[]) AS series_id",
                    [list(series)],
                )
                columns = con.execute(f"DESCRIBE {_PUBLIC}.main.{name}").fetchall()
                column = series_column([row[0] for row in columns])
                condition = f" WHERE {column} IN (SELECT series_id FROM temp.changed)"
                # a small table is written in its order; of a big one, sorting costs more than all else of a release
                few = scalar(con, f"SELECT count(*) FROM {_BUILD}.main.{name}{condition}") <= rows * _FEW
                chosen = condition if few and rows > _BIG else ""
            con.execute("BEGIN")
            con.execute(f"DELETE FROM {_PUBLIC}.main.{name}{chosen}")
            _insert(con, table, known, chosen)
            con.execute("COMMIT")
            _compare_rows(con, table)
        con.execute(f"CHECKPOINT {_PUBLIC}")
        free, blocks = con.execute(
            "SELECT free_blocks, total_blocks FROM pragma_database_size() WHERE database_name = ?", [_PUBLIC]
        ).fetchall()[0]
    if target.with_name(target.name + ".wal").exists():
        raise ReleaseError(f"{target.name} was not checkpointed: a write-ahead log is left beside it")
    return bool(free <= blocks * _FREE)


def _definitions(con: duckdb.DuckDBPyConnection, scratch: Path, *, catalog: str) -> list[str]:
    """CREATE statements of schema main, tables first. They are taken from an export of an empty copy, the one place
    where DuckDB writes out the default arguments of a macro (duckdb_functions() does not have them)."""
    con.execute(f"ATTACH ':memory:' AS {_SKELETON}")
    con.execute(f"COPY FROM DATABASE {_BUILD} TO {_SKELETON} (SCHEMA)")
    schemas = con.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND NOT internal AND schema_name <> 'main'",
        [_SKELETON],
    ).fetchall()
    for (schema,) in schemas:
        con.execute(f"DROP SCHEMA {_SKELETON}.{quoted(schema)} CASCADE")
    con.execute(f"USE {_SKELETON}")
    con.execute(f"EXPORT DATABASE {literal(scratch)}")
    bodies = _bodies(con)
    localised = _localise(con, bodies, catalog)
    con.execute("USE memory")
    con.execute(f"DETACH {_SKELETON}")
    statements = []
    for parsed in duckdb.extract_statements((scratch / "schema.sql").read_text(encoding="utf-8")):
        statement = parsed.query
        if statement.startswith(("CREATE MACRO", "CREATE VIEW")):
            for before, after in localised.items():
                statement = statement.replace(before, after)
        statements.append(statement)
    return statements


def _bodies(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """(name, prefix, body) of every view and macro of the current database; prefix + body is a SELECT, because a
    scalar macro is an expression and only a SELECT can be taken apart."""
    bodies = con.execute(
        "SELECT function_name, if(function_type = 'table_macro', '', 'SELECT '), macro_definition "
        "FROM duckdb_functions() "
        "WHERE database_name = current_database() AND NOT internal AND macro_definition IS NOT NULL"
    ).fetchall()
    for name, sql in con.execute(
        "SELECT view_name, sql FROM duckdb_views() WHERE database_name = current_database() AND NOT internal"
    ).fetchall():
        bodies.append((name, "", re.sub(r"^CREATE VIEW .+? AS (.*?);?\s*$", r"\1", sql, count=1, flags=re.S)))
    return bodies


def _localise(
    con: duckdb.DuckDBPyConnection, bodies: Sequence[tuple[str, str, str]], catalog: str
) -> dict[str, str]:
    """Definitions that name the build's own database (dbt writes `"headway"."main"."t"`), rewritten without it, so
    that they hold under any file name. Raises ReleaseError for a definition that needs anything else."""
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() UNION ALL "
        "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal"
    ).fetchall()
    scope = _Scope(catalog, {t.lower() for (t,) in tables}, {name.lower() for name, _, _ in bodies})
    rewritten = {}
    for name, prefix, body in bodies:
        tree = _tree(con, prefix + body)
        if tree["error"]:
            raise ReleaseError(f"the definition of {name} cannot be read: {tree.get('error_message')}")
        if scope.localise(tree, name):
            sql = scalar(con, "SELECT json_deserialize_sql(?)", [json.dumps(tree)])
            rewritten[body] = sql.removeprefix(prefix)
    # the longest first: a short definition may be part of a longer one
    return dict(sorted(rewritten.items(), key=lambda pair: -len(pair[0])))


def _tree(con: duckdb.DuckDBPyConnection, sql: str) -> Node:
    """The parse tree of a statement, as DuckDB gives it."""
    tree: Node = json.loads(scalar(con, "SELECT json_serialize_sql(?)", [sql]))
    return tree


def _nodes(tree: object, ctes: frozenset[str] = frozenset()) -> Iterator[tuple[Node, frozenset[str]]]:
    """Every node of a parse tree, parents first, with the names of the common table expressions in scope."""
    if isinstance(tree, list):
        for child in tree:
            yield from _nodes(child, ctes)
    elif isinstance(tree, dict):
        ctes |= {entry["key"].lower() for entry in (tree.get("cte_map") or {}).get("map", ())}
        yield tree, ctes
        for child in tree.values():
            yield from _nodes(child, ctes)


class _Scope:
    """What a definition may refer to: schema main of its own database, and functions that read only their arguments."""

    def __init__(self, catalog: str, tables: set[str], macros: set[str]) -> None:
        self.catalog, self.tables, self.macros = catalog.lower(), tables, macros

    def localise(self, tree: Node, name: str) -> bool:
        """Take the catalog out of every reference; True if there was one. Raises ReleaseError for an outside one."""
        changed = False
        for node, ctes in _nodes(tree):
            if node.get("type") == "BASE_TABLE":
                path = [node["catalog_name"], node["schema_name"], node["table_name"]]
                changed |= self._strip(node, "catalog_name")
                known = self.tables if node["schema_name"] else self.tables | ctes
                if (
                    node["catalog_name"]
                    or node["schema_name"] not in ("", "main")
                    or path[-1].lower() not in known
                ):
                    self._refuse(name, path)
            elif node.get("type") == "TABLE_FUNCTION":
                function = node["function"]["function_name"]
                if function.lower() not in self.macros | _PURE_TABLE_FUNCTIONS:
                    self._refuse(name, [function + "()"])
            elif node.get("class") == "FUNCTION":
                path = [node["catalog"], node["schema"], node["function_name"]]
                changed |= self._strip(node, "catalog")
                if node["catalog"] not in ("", "system") or node["schema"] not in ("", "main", "pg_catalog"):
                    self._refuse(name, path)
            elif node.get("class") == "COLUMN_REF":
                parts = node["column_names"]
                if len(parts) > 2 and parts[0].lower() == self.catalog:
                    del parts[0]
                    changed = True
        return changed

    def _strip(self, node: Node, key: str) -> bool:
        """Take the build's own catalog out of a reference; False where it names another catalog or none."""
        if node[key].lower() != self.catalog:
            return False
        node[key] = ""
        del node["qualified_name"]["path"][0]
        return True

    def _refuse(self, name: str, path: Sequence[str]) -> None:
        what = ".".join(part for part in path if part)
        raise ReleaseError(
            f"{name} refers to {what}, which is not part of the released file: "
            "public views and macros may use only tables, views and macros of schema main"
        )


def _create(con: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> None:
    """Run the statements, each one after those it needs: an export does not order views and macros.

    Raises ReleaseError where a statement needs something that none of them makes.
    """
    pending = list(statements)
    while pending:
        later: list[str] = []
        errors: list[duckdb.Error] = []
        for statement in pending:
            try:
                con.execute(statement)
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                later.append(statement)
                errors.append(error)
        if len(later) == len(pending):
            message = f"cannot be created in the released file: {later[0]} {errors[0]}"
            raise ReleaseError(message) from errors[0]
        pending = later


def _fill(con: duckdb.DuckDBPyConnection, keys: Mapping[str, Sequence[str]]) -> None:
    """Copy the rows, sorted so that a filter on the series skips row groups and columns compress.

    Raises ReleaseError where a table has another number of rows than in the build.
    """
    known = {**constraint_keys(con, _PUBLIC), **keys}

    def fill(own: duckdb.DuckDBPyConnection, table: str) -> None:
        _insert(own, table, known)
        _compare_rows(own, table)

    # in the order of creation, which puts a table after those that its foreign keys need
    tables = con.execute(
        """
        SELECT table_name, table_name IN (
            SELECT referenced_table FROM duckdb_constraints() WHERE database_name = $db AND constraint_type = 'FOREIGN KEY'
        ), (SELECT max(estimated_size) FROM duckdb_tables() AS built
            WHERE built.database_name = $build AND built.schema_name = 'main' AND built.table_name = public.table_name) * column_count
        FROM duckdb_tables() AS public WHERE database_name = $db ORDER BY table_oid
        """,
        {"db": _PUBLIC, "build": _BUILD},
    ).fetchall()
    for table, is_needed, _ in tables:
        if is_needed:
            fill(con, table)
    others = [(table, size or 0) for table, is_needed, size in tables if not is_needed]
    two_at_a_time(con, fill, [table for table, _ in sorted(others, key=lambda other: -other[1])])


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, known: Mapping[str, Sequence[str]], condition: str = ""
) -> None:
    """Copy the rows of a table that meet `condition` (a WHERE), sorted as _order has it."""
    columns = con.execute(
        "SELECT column_name, is_nullable FROM duckdb_columns() WHERE database_name = ? AND table_name = ? "
        "ORDER BY column_index",
        [_PUBLIC, table],
    ).fetchall()
    # where no key is declared: a model names its grain first, in columns that are never null
    grain = [name for name, _ in takewhile(lambda column: not column[1], columns)]
    order = ", ".join(map(quoted, _order(known.get(table, ()) or grain, [name for name, _ in columns])))
    con.execute(
        f"INSERT INTO {_PUBLIC}.main.{quoted(table)} SELECT * FROM {_BUILD}.main.{quoted(table)}{condition}"
        + (f" ORDER BY {order}" if order else "")
    )


def _order(key: Sequence[str], columns: Collection[str]) -> list[str]:
    """The columns by which the rows of a table with this key are sorted.

    Rows of a series stand together, so that a revised one changes one place of the file: in the order of events rpt_before_after has rows of
    each series in all row groups, and its Parquet file is 39 MB in place of 28. Within a series the rows of one cut month stand together, as
    events of one month have the same figures, and which event it is comes last: the table takes 87 MB of the file where it took 148.
    """
    series = series_column(key)
    if series is None:
        return list(key)
    rest = [name for name in key if name not in (series, _CUT)]
    if _CUT in columns:
        rest = [_CUT, *rest[1:], *rest[:1]]
    return [series, *rest]


def _compare_rows(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Raises ReleaseError where a table has another number of rows than in the build."""
    name = quoted(table)
    in_build, in_release = con.execute(
        f"SELECT (SELECT count(*) FROM {_BUILD}.main.{name}), (SELECT count(*) FROM {_PUBLIC}.main.{name})"
    ).fetchall()[0]
    if in_build != in_release:
        raise ReleaseError(f"{table} has {in_build} rows in the build and {in_release} in the released file")


def _comments(con: duckdb.DuckDBPyConnection) -> list[str]:
    """COMMENT statements for everything in main of the build that has one."""
    comments = con.execute(
        """
        SELECT 'TABLE', table_name, NULL, comment FROM duckdb_tables()
        WHERE database_name = $db AND schema_name = 'main'
        UNION ALL SELECT 'VIEW', view_name, NULL, comment FROM duckdb_views()
        WHERE database_name = $db AND schema_name = 'main' AND NOT internal
        UNION ALL SELECT 'COLUMN', table_name, column_name, comment FROM duckdb_columns()
        WHERE database_name = $db AND schema_name = 'main' AND NOT internal
        UNION ALL SELECT DISTINCT if(function_type = 'table_macro', 'MACRO TABLE', 'MACRO'), function_name, NULL, comment
        FROM duckdb_functions() WHERE database_name = $db AND schema_name = 'main' AND NOT internal
        """,
        {"db": _BUILD},
    ).fetchall()
    return [
        f"COMMENT ON {kind} {'.'.join(quoted(part) for part in (name, column) if part)} IS {literal(comment)}"
        for kind, name, column, comment in comments
        if comment
    ]
