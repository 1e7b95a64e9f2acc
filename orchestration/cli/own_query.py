"""What `headway sql` is given: where the query stands, and in which form its answer is wanted.

Belongs here: reading the query, refusals of forms that do not fit together. Does not belong here: running it
(readers/own_sql.py), printing (results.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

from orchestration.base.errors import UsageError

#: ending of a file -> format
_ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet"}


def text_of(query: str | None, file: Path | None) -> str:
    """The query that was given as an argument, in a file, or on standard input (`-`, or neither and a pipe).

    Raises UsageError where there is none, or two.
    """
    if query not in (None, "-") and file is not None:
        raise UsageError("the query stands in the argument or in --file, not in both")
    if file is not None and str(file) != "-":
        try:
            return file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError) as error:
            raise UsageError(f"the query cannot be read from {file}: {error}") from error
    if query is not None and query != "-":
        return query
    if query is None and file is None and sys.stdin.isatty():
        raise UsageError("no query: headway sql 'from dim_series', --file FILE, or through a pipe")
    return sys.stdin.read()


def form(fmt: str | None, target: Path | None, *, as_json: bool) -> str:
    """The format that is meant: table, csv, json or parquet. Raises UsageError for one that cannot be had."""
    ending = _ENDINGS.get(target.suffix.lower()) if target else None
    if as_json and (fmt or target):
        raise UsageError(
            "--json prints one object; take --format json for a list of records, or --out FILE.json"
        )
    if target and not (fmt or ending):
        raise UsageError(f"{target} ends in none of {', '.join(_ENDINGS)}; say --format")
    if target and fmt == "table":
        raise UsageError("a table is shown, not written: take --format csv, json or parquet")
    if fmt == "parquet" and target is None and sys.stdout.isatty():
        raise UsageError("parquet is nothing to read on a terminal: add --out FILE.parquet")
    return fmt or ending or "table"
