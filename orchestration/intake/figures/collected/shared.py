"""What the readers of the collected files have in common: the account of a file, the dates of copies, the CSV dialect.

Belongs here: Input, copy dates and their corrections, reading text columns.
Does not belong here: the layout of a particular file (observations.py, flows.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from transforms import periods

#: the day on which the collection was complete: the only bound on when a copy without a date was made
COLLECTED_ON = date(2026, 11, 21)
#: the `observed_by` of copies without a date
UNDATED = COLLECTED_ON.isoformat()

# Labels of copies that cannot be right, because the copy holds periods that were published later. Each label is moved to
# the end of the month in which the newest of these periods was published; the figures of the next month, which the copy
# lacks, were published after that.
_LABELS = {
    # Labour Force Survey of November 2020: 4 December 2020; orders of October 2020: mid December
    ("canada_levels.csv", "2020-11"): "2020-12",
    # trade of June 2021: 5 August 2021; of July 2021: 2 September 2021
    ("us_imports_hs2_by_partner.parquet", "2021-06"): "2021-08",
    ("us_imports_hs2_by_partner.parquet", "2021-08"): "2021-09",
}


@dataclass(frozen=True)
class Input:
    """Rows read from one collected file.

    frame: rows of a raw table; rows: rows in the file; left_out, added: (number of rows, reason), where the rows left out
    are in the file and not in the frame, and the rows added are in the frame and not in the file. kind: set for rows that are
    bundled in a file of their own beside the other observations of their publisher (`observation_<publisher>_<kind>`).
    """

    file: str
    frame: pl.DataFrame
    rows: int
    left_out: tuple[tuple[int, str], ...] = ()
    added: tuple[tuple[int, str], ...] = ()
    kind: str = ""


def corrected_label(file: str, observed_by: str) -> str:
    """The `observed_by` of a copy (a day or month), corrected where the label is earlier than the figures in the copy."""
    return _LABELS.get((file, observed_by), observed_by)


def read_text(path: Path) -> pl.DataFrame:
    """A CSV file with all columns as text: units hold commas and codes look like numbers, so nothing may be inferred."""
    return pl.read_csv(path, infer_schema=False, quote_char='"', separator=",", encoding="utf8")


def left_out(rows: pl.DataFrame, reason: str) -> tuple[tuple[int, str], ...]:
    """`Input.left_out` for these rows of the file; no entry where there are none."""
    return ((rows.height, reason),) if rows.height else ()


def midnight(observed_by: str) -> pl.Expr:
    """The one known_from of a file whose copies have the same `observed_by` (see periods.known_from)."""
    return pl.lit(periods.known_from(observed_by), dtype=pl.Datetime("us"))


def copy_dates(file: str, column: pl.Expr, labels: pl.Series) -> pl.Expr:
    """known_from of each row of a file from its `observed_by`: `column` in the frame, whose values are `labels`."""
    known_from = {label: periods.known_from(corrected_label(file, label)) for label in labels.unique()}
    return column.replace_strict(known_from, return_dtype=pl.Datetime("us"))


def read_as_text(path: Path) -> pl.DataFrame:
    """A Parquet file with all columns as text, dates as ISO days: then it is read as a CSV file of the same columns is."""
    return pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
