"""Derived series in plain polars: a second, independent implementation that the SQL is compared with.

Belongs here: what was known at a moment, and the formulas, written from their definitions.
Does not belong here: SQL, dbt, or anything taken from the models that are tested with it.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl

SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "derived" / "seed_derived_series.csv"
#: the status that takes most away first
WORST_FIRST = ("withdrawn", "suppressed", "missing", "preliminary", "estimated", "revised", "normal")
NO_NUMBER = WORST_FIRST[:3]

#: what is known of one series: value and status by month
Known = dict[dt.date, tuple[float | None, str]]


def declared() -> list[dict[str, str]]:
    """The rows of the seed."""
    with SEED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def inputs_of(row: Mapping[str, str]) -> list[str]:
    return [*row["inputs"].split(";"), *([row["reference"]] if row["reference"] else [])]


def known_at(vintages: pl.DataFrame, moment: dt.datetime) -> dict[str, Known]:
    """The last thing known of each series and month at `moment`, read from when things became known alone
    (known_to is not used)."""
    latest = (
        vintages.filter(pl.col("known_from") <= moment)
        .sort("known_from")
        .group_by("series_id", "period_start")
        .last()
    )
    out: dict[str, Known] = {}
    for series_id, period, value, status in latest.select(
        "series_id", "period_start", "value", "status"
    ).iter_rows():
        out.setdefault(series_id, {})[period] = (value, status)
    return out


def weekdays(month: dt.date) -> int:
    days = calendar.monthrange(month.year, month.month)[1]
    return sum(dt.date(month.year, month.month, day).weekday() < 5 for day in range(1, days + 1))


def derive(
    row: Mapping[str, str], known: Mapping[str, Known], series: Mapping[str, Mapping]
) -> dict[dt.date, tuple[float | None, str]]:
    """Value and status by month of the derived series of `row`, from what is known of its inputs and from `series`
    (unit_multiplier and currency by id). Months without all inputs, and withdrawn ones, are left out."""
    inputs = [known.get(i, {}) for i in inputs_of(row)]
    scale = [series[i]["unit_multiplier"] for i in inputs_of(row)]
    base: list[tuple[float | None, str]] = []
    if row["base_period"]:
        months = [dt.date(int(row["base_period"]), m, 1) for m in range(1, 13)]
        if not all(m in inputs[-1] for m in months):
            return {}
        base = [inputs[-1][m] for m in months]
    out = {}
    for month in inputs[0]:
        if not all(month in values for values in inputs):
            continue
        parts = [values[month] for values in inputs]
        status = min((s for _, s in parts + base), key=WORST_FIRST.index)
        if status == "withdrawn":
            continue
        value = None
        if status not in NO_NUMBER:
            x = [v * k for (v, _), k in zip(parts, scale, strict=True)]
            mean = sum(v for v, _ in base) / 12 * scale[-1] if base else None
            value = _formula(row, x, mean, month, series)
            if value is None:
                status = "missing"
            else:
                value /= int(row["unit_multiplier"])
        out[month] = (value, status)
    return out


def _formula(
    row: Mapping[str, str], x: list[float], mean: float | None, month: dt.date, series: Mapping[str, Mapping]
) -> float | None:
    match row["method"]:
        case "share" | "rate":
            return None if x[1] == 0 else 100 * x[0] / x[1]
        case "converted":
            from_usd = series[row["inputs"]]["currency"] == "USD"
            return x[0] * x[1] if from_usd else x[0] / x[1]
        case "deflated":
            return x[0] / (x[1] / mean)
        case "per_day":
            return x[0] / weekdays(month)
        case "difference":
            return x[0] - x[1]
        case "indexed":
            return x[0] / mean * 100
    raise AssertionError(row["method"])
