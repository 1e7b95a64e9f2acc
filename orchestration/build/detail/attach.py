"""`<home>/detail/detail.duckdb`: the lake and what the models made of it as views, so that any DuckDB client reads them in place.

Belongs here: that small file. Does not belong here: copying rows (nothing of the lake is ever copied), the release.

    ATTACH 'warehouse/detail/detail.duckdb' AS detail (READ_ONLY);
    FROM detail.imports;                                   the latest vintage of each month
    FROM detail.imports_as_of(DATE '2026-11-29');          as it was known by the end of that day
    FROM detail.fct_detail_import;                         what `headway detail build` made
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.duck import literal, opened, quoted
from orchestration.base.files import replacing
from orchestration.base.settings import STORAGE_VERSION
from orchestration.build.detail.derived import Derived
from orchestration.build.detail.duckdb_engine import selection, view_of
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
            con.execute(_as_of(flow, table.columns, catalogue))
        for made in built.tables if built else ():
            files = tuple(file.resolve() for file in built.files(made.name)) if built else ()
            con.execute(view_of(Relation(made.name, dict.fromkeys(made.columns, ""), files), made.name))
            con.execute(f"COMMENT ON VIEW {quoted(made.name)} IS {literal(made.description)}")
        con.execute("USE memory")
        con.execute("DETACH detail")
    return path


def _as_of(flow: str, columns: Mapping[str, str], catalogue: Catalogue) -> str:
    """A table macro: a flow as it was known by the end of a day.

    Which files that is on which days stands in the macro, so that a day given as a constant leaves files out before one of them is
    opened: `filename` is the same in every row of a file. To ask each line for its vintage took 1.34 times of the latest.
    """
    head = f"CREATE MACRO {quoted(flow + '_as_of')}(day) AS TABLE"
    days, files, chosen = files_by_day(flow, catalogue)
    if not files:
        return f"{head} {selection(Relation(flow, columns, ()))}"
    named, paths = ", ".join(map(quoted, columns)), f"[{', '.join(map(literal, files))}]"
    # the last of the days that is not after `day`, counted by where the next day would stand among them: a lambda would allow no query in
    # place of a constant. Before the first there are no files, and null is in no list
    next_day = "(CAST(day AS DATE) + 1)"
    changes = ", ".join(f"DATE '{day}'" for day in days)
    stretch = f"list_position(list_sort(list_append([{changes}], {next_day})), {next_day}) - 1"
    # lists of numbers, because a path has a hundred letters and stands in as many lists as there are days
    return (
        f"{head} SELECT {named} FROM read_parquet({paths}, hive_partitioning = false, filename = true) "
        f"WHERE list_contains(list_select({paths}, ({chosen})[{stretch}]), filename)"
    )


def files_by_day(flow: str, catalogue: Catalogue) -> tuple[list[date], list[Path], list[list[int]]]:
    """The days on which something of a flow became known, all files that are read on any day, and for each of these days, until the
    next, the places (from 1 on) of those that are."""
    days = sorted({entry.known_on for entry in catalogue.months if entry.flow == flow})
    place: dict[Path, int] = {}
    chosen = [
        [place.setdefault(path.resolve(), len(place) + 1) for path in catalogue.files(flow, day)]
        for day in days
    ]
    return days, list(place), chosen
