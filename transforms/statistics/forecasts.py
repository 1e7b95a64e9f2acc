"""What every forecast of a counterfactual has in common: training months, months ahead, windows, the table of results.

Belongs here: the gaps and windows that are forecast, the training months of an origin, the shape of a table of forecasts.
Does not belong here: a model (drift_month.py, local_linear_trend.py), judging forecasts (counterfactual.py).

An origin is the last month that a forecast knows: `train_end` = cut - gap - 1. One origin serves all pairs of cut and gap
with the same train_end: with gap g the window after the cut begins g months later, so forecasts reach
max(GAPS) + max(WINDOWS) months. Figures are on the scale of the model: natural logarithms, or the unit itself for balances
and percentages.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: months that a model is trained on, at most and at least (docs/methods.md)
TRAIN_MONTHS, MIN_TRAIN_MONTHS = 120, 84
#: months after the cut over which a forecast is compared, and months left out before the cut
WINDOWS, GAPS = (6, 12, 24), (0, 1, 3, 6)
#: the gap that leaves out an event's own month, part of which came after it; only events inside a month are forecast with it
OWN_MONTH_GAP = 1
#: months ahead of the origin that are forecast
STEPS = max(GAPS) + max(WINDOWS)
#: coverage of the nominal interval
NOMINAL = 0.95
#: the pairs of gap and window, in the order of the array window_half_width
GAP_WINDOWS = tuple((gap, window) for gap in GAPS for window in WINDOWS)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

REASON_SHORT = f"fewer than {MIN_TRAIN_MONTHS} months in a row before the cut have a usable value"
REASON_DISTURBED = "too few training months lie outside confounding episodes"
REASON_CONSTANT = "the training months do not vary"
REASON_UNSTABLE = "the model is not stable on the training months"

#: One row for each series and origin; the arrays are null where there is a reason. half_width: half of the nominal interval
#: of each month ahead; window_half_width: the same of the mean over a window after the cut, in the order of GAP_WINDOWS.
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
    """Of each month, how many months a forecast from it may train on: itself and those before it back to a hole (NaN), at
    most TRAIN_MONTHS."""
    has_value = np.isfinite(values)
    index = np.arange(len(values))
    last_hole = np.maximum.accumulate(np.where(has_value, -1, index))
    return np.minimum(index - last_hole, TRAIN_MONTHS)


def window_weights() -> Floats:
    """The weights (GAP_WINDOWS x STEPS) that turn the months ahead into the mean over each window."""
    weights = np.zeros((len(GAP_WINDOWS), STEPS))
    for row, (gap, window) in enumerate(GAP_WINDOWS):
        weights[row, gap : gap + window] = 1 / window
    return weights


def frame(
    series_ids: list[str] | pl.Series,
    ends: NDArray[np.datetime64],
    lengths: int | NDArray[np.int64],
    arrays: tuple[Floats, ...] | None,
    reason: str | pl.Series | None = None,
) -> pl.DataFrame:
    """Rows of SCHEMA, one an origin.

    ends: train_end of each origin (datetime64); lengths: training months; arrays: expected, half_width and
    window_half_width, a row an origin, or None where no origin has a forecast; reason: why an origin has none (one for all, or
    one each), null for one that has. What the arrays hold for an origin with a reason does not matter.
    """
    months = ends.astype("datetime64[M]")
    lengths = np.broadcast_to(np.asarray(lengths), len(series_ids))
    reasons = reason if isinstance(reason, pl.Series) else pl.Series([reason], dtype=pl.String)
    names = ("expected", "half_width", "window_half_width")
    made = pl.col("reason").is_null()
    return pl.DataFrame(
        {
            "series_id": pl.Series(series_ids, dtype=pl.String),
            "train_start": pl.Series((months - np.maximum(lengths - 1, 0)).astype("datetime64[D]")).cast(
                pl.Date
            ),
            "train_end": pl.Series(months.astype("datetime64[D]")).cast(pl.Date),
            "n_train": pl.Series(lengths.astype(np.int32)),
            **{
                name: pl.Series(name, [None] * len(series_ids), dtype=SCHEMA[name])
                if arrays is None
                else pl.Series(name, arrays[place], dtype=SCHEMA[name])
                for place, name in enumerate(names)
            },
            "reason": reasons
            if len(reasons) == len(series_ids)
            else reasons.new_from_index(0, len(series_ids)),
        },
        schema=SCHEMA,
    ).with_columns(pl.when(made).then(name).alias(name) for name in names)
