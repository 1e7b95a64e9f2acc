"""What every forecast of a counterfactual has in common: training months, steps ahead, windows, and the table it gives.

Belongs here: constants of the grid, the training window of an origin, the shape of a table of forecasts.
Does not belong here: a model (drift_month.py, local_linear_trend.py), judging forecasts (counterfactual.py).

An origin is the last month a forecast knows: `train_end` = cut - gap - 1. One origin serves every cut and gap that end
there: with gap g the window after the cut begins g months later, so forecasts reach max(GAPS) + max(WINDOWS) months.
Figures are on the scale of the model: natural logarithms, or the unit itself for balances and percentages.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: months a model is trained on, and the fewest it takes (METHODS: 120, at least 84)
TRAIN_MONTHS, MIN_TRAIN_MONTHS = 120, 84
#: months after the cut that a forecast is compared over, and months left out before it
WINDOWS, GAPS = (6, 12, 24), (0, 3, 6)
#: months ahead of the last one known
STEPS = max(GAPS) + max(WINDOWS)
NOMINAL = 0.95
GAP_WINDOWS = tuple((gap, window) for gap in GAPS for window in WINDOWS)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

REASON_SHORT = f"fewer than {MIN_TRAIN_MONTHS} months in a row before the cut have a usable value"
REASON_DISTURBED = "too few training months lie outside confounding episodes"
REASON_CONSTANT = "the training months do not vary"
REASON_UNSTABLE = "the model is not stable on the training months"

#: one row a series and origin; arrays are null where there is a reason. half_width: half the nominal 95 % interval of each month ahead; window_half_width:
#: that of the mean over the first WINDOWS months after a cut, in the order of GAP_WINDOWS
SCHEMA: dict[str, pl.DataType] = {
    "series_id": pl.String(),
    "train_start": pl.Date(),
    "train_end": pl.Date(),
    "n_train": pl.Int32(),
    "expected": pl.Array(pl.Float64, STEPS),
    "half_width": pl.Array(pl.Float64, STEPS),
    "window_half_width": pl.Array(pl.Float64, len(GAP_WINDOWS)),
    "reason": pl.String(),
}


def training_lengths(values: Floats) -> NDArray[np.int64]:
    """Months an origin at each month may train on: those without a hole up to and with it, at most TRAIN_MONTHS."""
    known = np.isfinite(values)
    index = np.arange(len(values))
    last_hole = np.maximum.accumulate(np.where(known, -1, index))
    return np.minimum(index - last_hole, TRAIN_MONTHS)


def window_weights() -> Floats:
    """Rows of GAP_WINDOWS, columns of steps: the weights that turn a path into the mean over a window."""
    weights = np.zeros((len(GAP_WINDOWS), STEPS))
    for row, (gap, window) in enumerate(GAP_WINDOWS):
        weights[row, gap : gap + window] = 1 / window
    return weights


def frame(
    series_ids: list[str],
    ends: NDArray[np.datetime64],
    lengths: int | NDArray[np.int64],
    arrays: tuple[Floats, Floats, Floats] | None,
    reason: str | None = None,
) -> pl.DataFrame:
    """Rows of SCHEMA for origins that all have a forecast (arrays: expected, half_width, window_half_width) or a reason."""
    months = ends.astype("datetime64[M]")
    lengths = np.broadcast_to(np.asarray(lengths), len(series_ids))
    values = arrays or (None, None, None)
    return pl.DataFrame(
        {
            "series_id": pl.Series(series_ids, dtype=pl.String),
            "train_start": pl.Series((months - np.maximum(lengths - 1, 0)).astype("datetime64[D]")).cast(
                pl.Date
            ),
            "train_end": pl.Series(months.astype("datetime64[D]")).cast(pl.Date),
            "n_train": pl.Series(lengths.astype(np.int32)),
            **{
                name: pl.Series(name, value, dtype=SCHEMA[name])
                if value is not None
                else pl.Series(name, [None] * len(series_ids), dtype=SCHEMA[name])
                for name, value in zip(("expected", "half_width", "window_half_width"), values, strict=True)
            },
            "reason": pl.Series([reason] * len(series_ids), dtype=pl.String),
        },
        schema=SCHEMA,
    )
