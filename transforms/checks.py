"""Checks that every frame passes before it may be compared with the store, whichever parser made it.

Belongs here: checks of structure (columns, types, contradictions) and of rows, as pure functions of a frame.
Does not belong here: what a source's bytes look like (parse/), comparison with earlier vintages
(orchestration/store/loading.py).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.schema import BASES, FLOWS, KNOWN_FROM_BASES, STATUSES, FrameError, Table

#: (row number from 1, reason, row as text) of rows that cannot be loaded
Rejected = tuple[tuple[int, str, str], ...]

#: statuses that stand in place of a number: a value with another status has one
WITHOUT_NUMBER = ("suppressed", "missing")
_CLOSED_LISTS = {
    "status": STATUSES,
    "known_from_basis": KNOWN_FROM_BASES,
    "flow": FLOWS,
    "basis": BASES,
}


class ConflictError(FrameError):
    """Two rows of one payload have different values for the same key and the same known_from."""


def check_columns(table: Table, frame: pl.DataFrame) -> None:
    """Raise FrameError unless the frame has exactly the columns and types of `table`, and at least one row."""
    expected = table.polars_schema
    missing = [name for name in expected if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in expected]
    if missing or unknown:
        raise FrameError(
            f"{table.name}: columns do not match: missing {missing or 'none'}, unknown {unknown or 'none'}"
        )
    wrong = [
        f"{name} is {frame.schema[name]}, not {dtype}"
        for name, dtype in expected.items()
        if frame.schema[name] != dtype
    ]
    if wrong:
        raise FrameError(f"{table.name}: column types do not match: {'; '.join(wrong)}")
    if frame.is_empty():
        raise FrameError(f"{table.name}: no rows")


def check_frame(table: Table, frame: pl.DataFrame, *, today: date) -> tuple[pl.DataFrame, Rejected]:
    """Split a frame into rows that can be loaded and rows that cannot, the latter with their reasons.

    Returns (good, rejected): good has the columns of `table` and keeps the order; the row numbers of rejected count from
    1 in the frame as given. Each row of the frame is in one of the two. today: no period or known_from may be later.
    Raises FrameError for wrong columns or types and for an empty frame, ConflictError for contradicting rows.
    """
    check_columns(table, frame)
    frame = frame.select(list(table.polars_schema)).with_row_index("row_number", offset=1)
    checks = _checks(table, today)
    # the words of a reason are put together for each row, wrong or not: twenty times as long as asking whether one is wrong
    wrong = frame.select(pl.any_horizontal(wrong for wrong, _ in checks).any()).item()
    reason = pl.coalesce(*(pl.when(wrong).then(words) for wrong, words in checks))
    marked = frame.with_columns(reason=reason if wrong else pl.lit(None, dtype=pl.String))
    good = marked.filter(pl.col("reason").is_null())

    vintage = [*table.key, "known_from"]
    content = [name for name in table.polars_schema if name not in vintage]
    first = good.select(pl.struct(vintage).is_first_distinct()).to_series()
    if not first.all():
        _refuse_conflicts(table, good, vintage, content)
        repeated = good.filter(~first).select(
            "row_number", reason=pl.lit("the same row again: it stands in this payload once already")
        )
        marked = marked.update(repeated, on="row_number")
        good = good.filter(first)

    rejected = marked.filter(pl.col("reason").is_not_null())
    rows = tuple(
        (row.pop("row_number"), row.pop("reason"), _text(row)) for row in rejected.iter_rows(named=True)
    )
    return good.drop("row_number", "reason"), rows


def unit_changes(frame: pl.DataFrame, tolerance: float = 0.12) -> list[tuple[str, date, float]]:
    """Vintages of observations whose whole level differs from the vintage before: a new base, unit or multiplier.

    frame: series_id, period_start, value, known_from. Each vintage of a series is compared with the latest earlier values
    of the same periods. Returns (series_id, day of known_from, median ratio new/old) where at least 24 shared periods have
    a median ratio that is further from 1 than `tolerance`. Revisions move a level by up to 4 % (Canadian employment,
    January 2023), a new index base moves it by more (0.842: industrial product prices, rebased from 2010 to January 2020).
    """
    ratios = (
        frame.filter(pl.col("value").is_not_null() & (pl.col("value") != 0))
        .sort("series_id", "period_start", "known_from")
        .with_columns(
            ratio=pl.col("value") / pl.col("value").shift(1).over("series_id", "period_start"),
        )
        .filter(pl.col("ratio").is_not_null())
        .group_by("series_id", "known_from")
        .agg(pl.col("ratio").median(), n=pl.len())
        .filter((pl.col("n") >= 24) & ((pl.col("ratio") - 1).abs() > tolerance))
        .sort("series_id", "known_from")
    )
    return [
        (row[0], row[1].date(), row[2])
        for row in ratios.select("series_id", "known_from", "ratio").iter_rows()
    ]


def _checks(table: Table, today: date) -> list[tuple[pl.Expr, pl.Expr]]:
    """Why a row cannot be loaded: what is wrong with it, and the reason in words. Of several the first counts."""
    checks: list[tuple[pl.Expr, pl.Expr]] = []
    for name in table.required:
        checks.append((pl.col(name).is_null(), pl.lit(f"{name} is empty")))
    for name, dtype in table.polars_schema.items():
        if dtype.is_float():
            checks.append((pl.col(name).is_nan(), pl.lit(f"{name} is not a number (NaN)")))
            checks.append((pl.col(name).is_infinite(), pl.lit(f"{name} is infinite")))
    for name, allowed in _CLOSED_LISTS.items():
        if name in table.polars_schema:
            listed = ", ".join(allowed)
            checks.append(
                (
                    ~pl.col(name).is_in(list(allowed)),
                    pl.format(f"{name} {{}} is not one of {listed}", pl.col(name)),
                )
            )
    period, known = pl.col("period_start"), pl.col("known_from").dt.date()
    checks.append((period > today, pl.format("period {} lies in the future", period)))
    checks.append((known > today, pl.format("known_from {} lies in the future", known)))
    checks.append((known < period, pl.format("known since {}, before the period {} began", known, period)))
    number, without = pl.col(table.values[0]), pl.col("status").is_in(list(WITHOUT_NUMBER))
    checks.append(
        (
            number.is_null() & ~without,
            pl.format(f"{table.values[0]} is empty but status is {{}}", pl.col("status")),
        )
    )
    checks.append(
        (
            number.is_not_null() & without,
            pl.format(f"{table.values[0]} is given but status is {{}}", pl.col("status")),
        )
    )
    return checks


def _refuse_conflicts(table: Table, good: pl.DataFrame, vintage: list[str], content: list[str]) -> None:
    conflicts = (
        good.group_by(vintage)
        .agg(pl.struct(content).n_unique().alias("versions"))
        .filter(pl.col("versions") > 1)
    )
    if conflicts.is_empty():
        return
    example = conflicts.sort(vintage).row(0, named=True)
    versions = example.pop("versions")
    key = ", ".join(f"{name}={value}" for name, value in example.items())
    raise ConflictError(
        f"{table.name}: {conflicts.height} keys have contradicting rows, first {key} with {versions} versions"
    )


def _text(row: dict[str, object]) -> str:
    return ", ".join(f"{name}={'' if value is None else value}" for name, value in row.items())
