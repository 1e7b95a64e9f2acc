"""Parquet files of a release that is made from the one before: copied where nothing changed, put together where few series did.

Belongs here: which files and which row groups of the release before are taken over.
Does not belong here: bytes of Parquet files (row_groups.py), files that are written whole (datapackage.py), the database (public_file.py).

Of a file that is taken over, whole or in part, the sha256 is compared first: damage in one release would be in all that follow.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import duckdb

from orchestration.base.duck import PARQUET, literal, quoted, scalar
from orchestration.base.files import sha256_of
from orchestration.base.public_table import PublicTable, series_column
from orchestration.release import row_groups
from orchestration.release.datapackage import FileFacts
from orchestration.release.row_groups import Part

#: a table of fewer rows is written in the time it takes to look for what of it changed
_BIG = 100_000
#: share of the row groups that may hold rows of the changed series: to read and write more takes as long as writing all of it
_FEW = 0.5
#: rows of a row group as DuckDB writes it, and how many groups more than so many rows need a file may have: each update adds one
_GROUP_ROWS, _MORE_GROUPS = 122_880, 16


def take_over(
    con: duckdb.DuckDBPyConnection,
    before: Path,
    recorded: Mapping[str, FileFacts],
    rows: Mapping[str, int],
    tables: Sequence[PublicTable],
    changes: Mapping[str, Collection[str] | None],
    folder: Path,
) -> set[str]:
    """Make in `folder`, which is made, the Parquet files that need not be written whole; the names of their tables.

    con:     the finished database as the current one. before: folder of the release before. recorded, rows: what that one recorded of its files
             and tables. changes: table -> series whose rows changed since, None for all of it; what is not named did not change.
    """
    folder.mkdir()
    made = set()
    for table in tables:
        name = f"parquet/{table.name}.parquet"
        old, new = before / name, folder / f"{table.name}.parquet"
        series = changes.get(table.name, ())
        if name not in recorded or not old.is_file() or series is None:
            continue
        if table.name not in changes:
            # hashed as it came out, and not as it was read: what was written is what is released
            shutil.copyfile(old, new)
            whole = _facts(new) == recorded[name] and rows.get(table.name) == table.rows
        else:
            whole = (
                table.rows > _BIG
                and series_column([column.name for column in table.columns]) is not None
                and _facts(old) == recorded[name]
                and _put_together(con, table, sorted(series), old, new)
            )
        if whole:
            made.add(table.name)
        else:
            new.unlink(missing_ok=True)
    return made


def _put_together(
    con: duckdb.DuckDBPyConnection, table: PublicTable, series: Sequence[str], old: Path, new: Path
) -> bool:
    """Make `new` of the row groups of `old` without rows of `series`, and of one more: the other rows of the groups left out, and what
    the table has of `series`. False where writing the table whole is as good, or where that is not what the table holds."""
    column = series_column([column.name for column in table.columns])
    # as literals: DuckDB compares these with minimum, maximum and Bloom filter of a row group before it reads it
    listed = ", ".join(literal(one) for one in series)
    footer = row_groups.footer_of(old)
    reached = _reached(con, old, column, series, footer.rows_of_groups)
    kept = [number for number in range(len(footer.groups)) if number not in reached]
    if len(reached) > len(footer.groups) * _FEW or len(kept) > table.rows / _GROUP_ROWS + _MORE_GROUPS:
        return False
    aside, fresh = new.with_name(f".{table.name}.old"), new.with_name(f".{table.name}.new")
    try:
        row_groups.join([Part(old, sorted(reached))], aside)
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE rows_of_groups AS
                SELECT * FROM read_parquet({literal(aside)}) WHERE NOT coalesce({column} IN ({listed}), false)
                UNION ALL BY NAME
                SELECT * FROM main.{quoted(table.name)} WHERE {column} IN ({listed})"""
        )
        # DuckDB writes a column without marks for null where it knows that there is none; of one that has nulls in other row groups it must
        # not know it here, or the two could not be in one file
        columns = [
            name if one.name in footer.never_null else f"CASE WHEN rowid >= 0 THEN {name} END AS {name}"
            for one in table.columns
            for name in [quoted(one.name)]
        ]
        con.execute(
            f"COPY (SELECT {', '.join(columns)} FROM temp.rows_of_groups) TO {literal(fresh)} ({PARQUET})"
        )
        con.execute("DROP TABLE temp.rows_of_groups")
        if row_groups.footer_of(fresh).schema != footer.schema:
            return False
        return (
            row_groups.join([Part(old, kept), Part(fresh)], new) == table.rows
            and scalar(con, f"SELECT count(*) FROM read_parquet({literal(new)})") == table.rows
        )
    finally:
        for scratch in (aside, fresh):
            scratch.unlink(missing_ok=True)


def _reached(
    con: duckdb.DuckDBPyConnection,
    file: Path,
    column: str | None,
    series: Sequence[str],
    rows_of_groups: Sequence[int],
) -> set[int]:
    """Numbers of the row groups of `file` that hold rows of `series`."""
    may_hold = con.execute(
        f"""SELECT DISTINCT row_group_id FROM parquet_metadata({literal(file)}), unnest(?::VARCHAR[]) AS changed (series)
            WHERE path_in_schema = ? AND (stats_min_value IS NULL OR series BETWEEN stats_min_value AND stats_max_value)""",
        [series, column],
    ).fetchall()
    candidates = {number for (number,) in may_hold}
    if len(candidates) <= len(rows_of_groups) * _FEW:
        return candidates
    import numpy as np  # here, as a build that has nothing to do loads this module too

    # of a file that is in another order every group may; reading one column says which do
    listed = ", ".join(literal(one) for one in series)
    ends = list(accumulate(rows_of_groups))
    found = con.execute(
        f"SELECT file_row_number FROM read_parquet({literal(file)}, file_row_number = true) WHERE {column} IN ({listed})"
    ).fetchnumpy()["file_row_number"]
    return {int(number) for number in np.unique(np.searchsorted(ends, found, side="right"))}


def _facts(path: Path) -> FileFacts:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
