"""`<home>/detail/detail.duckdb`: the lake and what the models made of it as views, so that any DuckDB client reads them in place.

Belongs here: that small file. Does not belong here: copying rows (nothing of the lake is ever copied), the release.

    ATTACH 'warehouse/detail/detail.duckdb' AS detail (READ_ONLY);
    FROM detail.imports;                                   the latest vintage of each month
    FROM detail.imports_as_of(DATE '2026-11-29');          as it was known by the end of that day
    FROM detail.fct_detail_import;                         what `headway detail build` made
"""

from __future__ import annotations

from pathlib import Path

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.duck import literal, opened, quoted
from orchestration.base.files import replacing
from orchestration.base.settings import STORAGE_VERSION
from orchestration.build.detail.derived import Derived
from orchestration.build.detail.duckdb_engine import view_of
from orchestration.build.detail.relations import Relation
from transforms.detail_tables import DETAIL_TABLES

DATABASE = "detail.duckdb"


def write_attached(detail: Path, catalogue: Catalogue, built: Derived | None) -> Path:
    """The file, made anew and put in place by one rename: views of the latest vintages, macros for an earlier day, the tables of
    `built`. Paths in it are absolute: after the home has moved, `headway detail build` makes it again."""
    path = detail / DATABASE
    with replacing(path) as temporary, opened(Path(":memory:"), read_only=False) as con:
        con.execute(f"ATTACH {literal(temporary)} AS detail (STORAGE_VERSION '{STORAGE_VERSION}')")
        con.execute("USE detail")
        con.execute(
            "CREATE TABLE vintage (flow VARCHAR, month DATE, vintage VARCHAR, known_on DATE, known_order BIGINT)"
        )
        if catalogue.months:
            con.executemany(
                "INSERT INTO vintage VALUES (?, ?, ?, ?, ?)",
                [(e.flow, e.month_start, e.vintage, e.known_on, e.order[1]) for e in catalogue.months],
            )
        for flow, table in DETAIL_TABLES.items():
            latest = Relation(flow, table.columns, tuple(path.resolve() for path in catalogue.files(flow)))
            con.execute(view_of(latest, quoted(flow)))
            every = tuple(
                (catalogue.lake / file.path).resolve()
                for entry in catalogue.months
                if entry.flow == flow
                for file in entry.files
            )
            con.execute(view_of(Relation(flow, table.columns, every), quoted(f"{flow}_all_vintages")))
            con.execute(_as_of(flow))
        for made in built.tables if built else ():
            files = tuple(file.resolve() for file in built.files(made.name)) if built else ()
            con.execute(view_of(Relation(made.name, dict.fromkeys(made.columns, ""), files), made.name))
            con.execute(f"COMMENT ON VIEW {quoted(made.name)} IS {literal(made.description)}")
        con.execute("USE memory")
        con.execute("DETACH detail")
    return path


def _as_of(flow: str) -> str:
    """A table macro: a flow as it was known by the end of a day. What it reads is named with the database, because a macro looks for
    names where its caller is; `detail` is also the name of the file when it is opened by itself."""
    return f"""
        CREATE MACRO {quoted(flow + "_as_of")}(day) AS TABLE
        SELECT * FROM detail.{quoted(flow + "_all_vintages")} AS line
        WHERE (line.month, line.vintage) IN (
            SELECT month, arg_max(vintage, (known_on, known_order)) FROM detail.vintage
            WHERE flow = '{flow}' AND known_on <= day GROUP BY month
        )"""
