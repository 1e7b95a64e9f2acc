"""What the readers of the collected files share: the account of a file, copy dates, the CSV dialect.

Belongs here: Input, copy dates and their corrections, reading text columns.
Does not belong here: the layout of a particular file (observations.py, flows.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from transforms import periods

#: the day the collection was complete: the only bound on when a copy without a date was made
COLLECTED_ON = date(2026, 11, 21)
UNDATED = COLLECTED_ON.isoformat()

# A label that cannot be: the copy holds periods that were published after it. Each is moved to the end of the month in
# which the newest of them came out; the next month's figures, which the copy lacks, came out after that.
_LABELS = {
    # Labour Force Survey of November 2020: 4 December 2020; orders of October 2020: mid December
    ("canada_levels.csv", "2020-11"): "2020-12",
    # trade of June 2021: 5 August 2021; of July 2021: 2 September 2021
    ("us_imports_hs2_by_partner.parquet", "2021-06"): "2021-08",
    ("us_imports_hs2_by_partner.parquet", "2021-08"): "2021-09",
}


@dataclass(frozen=True)
class Input:
    """Rows read from one collected file. `left_out` and `added` are (rows, reason)."""

    file: str
    frame: pl.DataFrame
    rows: int
    left_out: tuple[tuple[int, str], ...] = ()
    added: tuple[tuple[int, str], ...] = ()


def corrected_label(file: str, observed_by: str) -> str:
    """The `observed_by` of a copy, moved where its label is earlier than the figures it holds."""
    return _LABELS.get((file, observed_by), observed_by)


def read_text(path: Path) -> pl.DataFrame:
    """Everything as text: the dialect is stated, because units hold commas and codes look like numbers."""
    return pl.read_csv(path, infer_schema=False, quote_char='"', separator=",", encoding="utf8")


def left_out(rows: pl.DataFrame, reason: str) -> tuple[tuple[int, str], ...]:
    return ((rows.height, reason),) if rows.height else ()


def midnight(observed_by: str) -> pl.Expr:
    return pl.lit(periods.known_from(observed_by), dtype=pl.Datetime("us"))


def copy_dates(file: str, column: pl.Expr, labels: pl.Series) -> pl.Expr:
    known = {label: periods.known_from(corrected_label(file, label)) for label in labels.unique()}
    return column.replace_strict(known, return_dtype=pl.Datetime("us"))
