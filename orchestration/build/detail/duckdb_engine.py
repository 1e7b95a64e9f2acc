"""The detail models on DuckDB: relations as views of a scratch database, results from its tables to Parquet.

Belongs here: what DuckDB needs before and after dbt. Does not belong here: the run (derive.py), the other engine (spark_engine.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.base.duck import PARQUET, literal, opened, quoted
from orchestration.build.detail.relations import Relation

#: of the profile and of the file that dbt fills
TARGET, DATABASE = "duckdb", "detail.duckdb"


def selection(relation: Relation) -> str:
    """SELECT of exactly the files of a relation; of one without files, no rows of the same columns."""
    if relation.files:
        columns = ", ".join(map(quoted, relation.columns))
        files = ", ".join(map(literal, relation.files))
        return f"SELECT {columns} FROM read_parquet([{files}], hive_partitioning = false)"
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(c)}" for c, kind in relation.columns.items())
    return f"SELECT {nothing} WHERE false"


def view_of(relation: Relation, name: str) -> str:
    """CREATE VIEW of `selection`."""
    return f"CREATE OR REPLACE VIEW {name} AS {selection(relation)}"


def prepare(relations: Sequence[Relation], work: Path) -> None:
    """Make the scratch database in `work` anew, with the relations as views of schema `lake`."""
    database = work / DATABASE
    for stale in (database, database.with_suffix(".duckdb.wal")):
        stale.unlink(missing_ok=True)
    with opened(database, read_only=False) as con:
        con.execute("CREATE SCHEMA lake")
        for relation in relations:
            con.execute(view_of(relation, f"lake.{quoted(relation.name)}"))


def write(tables: Mapping[str, Sequence[str]], work: Path, out: Path, *, memory: str) -> None:
    """Each table of the scratch database, sorted by its key, as one file `out`/<table>/part-0000.parquet; the database is removed.

    tables: name -> key. memory: limit of the session, as DuckDB writes it.
    """
    with opened(work / DATABASE, read_only=False) as con:
        con.execute(f"SET memory_limit = {literal(memory)}")
        con.execute(f"SET temp_directory = {literal(work / 'spill')}")
        con.execute("SET async_threads = 0")  # with them a full disk can hang for ever (base/duck.py)
        for table, key in tables.items():
            folder = out / table
            folder.mkdir(parents=True)
            order = ", ".join(map(quoted, key))
            con.execute(
                f"COPY (SELECT * FROM main.{quoted(table)} ORDER BY {order}) "
                f"TO {literal(folder / 'part-0000.parquet')} ({PARQUET})"
            )
    (work / DATABASE).unlink()
