"""A panel's slope month by month around a cut: what exposed goods did before, and from when on they moved apart.

Belongs here: the slope of each month, set to zero on the mean of the window before. Does not belong here: the slope of a whole
window and its verdict (panel.py).

In each month ln(value) less the logarithm of the cell's mean value in the window before is put on the exposure, with effects of
products and partners, as for a whole window. The mean over the window before is then taken off, so that no single month is the
reference. Months of trade are noisier than windows of twelve: read the path, not a month.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from transforms.statistics import panel_cells, panel_inference
from transforms.statistics.panel_cells import Changes, Cube, Windows
from transforms.statistics.panel_inference import LEVEL

#: how many months before the window before are told, which are the leads, and how many from the cut on
LEADS, AFTER = 24, 24

LEAD_LAG_SCHEMA: dict[str, pl.DataType] = {
    "month_offset": pl.Int32(),
    "estimate": pl.Float64(),
    "se": pl.Float64(),
    "fired": pl.Boolean(),
    "n_cells": pl.Int32(),
    "is_reference": pl.Boolean(),
}


def lead_lag(
    table: Cube,
    cut: int,
    spans: Windows,
    exposure: np.ndarray,
    others: np.ndarray | None,
    *,
    weighted: bool = False,
) -> pl.DataFrame:
    """One row for each month from LEADS before the window before to AFTER after the cut that the cube holds: LEAD_LAG_SCHEMA.

    exposure, others: (products, partners), as of the event's own windows. A month that can't be estimated has no row, and there
    is none at all where a month of the window before has none, as nothing could be taken off.
    """
    whole = panel_cells.changes(table, spans)
    rows = []
    for month in range(max(table.first, spans.first - LEADS), min(table.last, cut + AFTER) + 1):
        value = table.at([month])[:, :, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log(value) - np.log(whole.base_usd / len(spans.before))
        kept = whole.eligible & (value > 0)
        one = panel_inference.fit(
            Changes(np.where(kept, y, np.nan), kept, whole.eligible, whole.base_usd, ~kept),
            exposure,
            others,
            weighted=weighted,
        )
        if one is not None:
            fired = bool(one.slope.fired(LEVEL)[0])
            is_reference = month in spans.before
            rows.append(
                (month - cut, one.beta, float(one.slope.se[0]), fired, one.effects.n_cells, is_reference)
            )
    found = pl.DataFrame(rows, schema=LEAD_LAG_SCHEMA, orient="row")
    if found["is_reference"].sum() < len(spans.before):
        return found.clear()
    reference = found.filter("is_reference")["estimate"].mean()
    return found.with_columns(pl.col("estimate") - reference)


def leads(path: pl.DataFrame) -> pl.DataFrame:
    """The rows of lead_lag in the months before the window before; none of a path without rows."""
    return path if path.is_empty() else path.filter(pl.col("month_offset") < _first_reference(path))


def _first_reference(path: pl.DataFrame) -> pl.Expr:
    return pl.lit(path.filter("is_reference")["month_offset"].min())
