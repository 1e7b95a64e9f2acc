"""Synthetic control: a weighted mean of untouched donors that moved like a series before a cut, and the gap after the cut.

Belongs here: the weights, the gates that a fit must pass, the backdated run, the rank among the donors' own placebos.
Does not belong here: which donors there are, and from when a measure touches them (seeds of dbt_project).

With y = ln(value) less its mean before the cut, the weights minimise sum (y_treated - sum w y_donor)^2 over the months before
the cut, with w >= 0 and sum w = 1 (Abadie, Diamond and Hainmueller 2010, on demeaned outcomes as Ferman and Pinto 2021
suggest, without covariates). The statistic is the ratio of the root mean squared gap in the 12 months after the cut to that
before it. It is ranked among the ratios that result when each donor in turn is treated as the series, with the other donors
as its donors. With J donors the smallest possible rank is 1 / (J + 1), so 12 donors cannot give 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import nnls

from transforms.statistics.months import (
    REASON_CONSTANT,
    REASON_MISSING,
    REASON_NOT_POSITIVE,
    MonthlySeries,
    day,
    monthly_series,
    number,
    placebo_rank,
)

#: Months before the cut at least and at most, and months after it. EARLIER: by how many months the cut of the backdated run
#: is earlier; MIN_PRE_EARLIER: the least number of months before that cut.
MIN_PRE, MAX_PRE, POST, EARLIER, MIN_PRE_EARLIER = 60, 120, 12, 24, 36
#: with fewer donors there is no rank, because the smallest possible one would be above 1/6
MIN_DONORS = 5
#: the gates: misfit before the cut in standard deviations of the series, largest weight, rank of the backdated run
MAX_MISFIT, MAX_WEIGHT, MIN_EARLIER_RANK = 0.25, 0.8, 0.1
#: smaller weights come from rounding and count as 0
_NO_WEIGHT = 1e-9

REASON_BEFORE = f"fewer than {MIN_PRE} months before the cut"
REASON_AFTER = f"fewer than {POST} months after the cut"
REASON_NO_DONORS = "fewer than 2 donors without a measure of their own"
REASON_FEW = f"fewer than {MIN_DONORS} donors, so the smallest rank is above 1/{MIN_DONORS + 1}"
REASON_MISFIT = (
    f"the donors do not follow it before the cut: misfit of {MAX_MISFIT:g} standard deviations or more"
)
REASON_ONE = f"one donor has {MAX_WEIGHT:g} or more of the weight"
REASON_EARLIER = f"a gap shows {EARLIER} months earlier, too"
REASON_NOT_EARLIER = f"too few months for a run {EARLIER} months earlier"

RESULT_SCHEMA: dict[str, pl.DataType] = {
    "donor_pool_id": pl.String(),
    "series_id": pl.String(),
    "cut_month": pl.Date(),
    "dropped_months": pl.Int32(),
    "n_pre": pl.Int32(),
    "n_donors": pl.Int32(),
    "donors": pl.List(pl.String()),
    "weights": pl.List(pl.Float64()),
    "max_weight": pl.Float64(),
    "mean_gap": pl.Float64(),
    "pre_rmspe": pl.Float64(),
    "post_rmspe": pl.Float64(),
    "rmspe_ratio": pl.Float64(),
    "misfit": pl.Float64(),
    "earlier_ratio": pl.Float64(),
    "earlier_rank": pl.Float64(),
    "rank": pl.Float64(),
    "rank_floor": pl.Float64(),
    "gate_passed": pl.Boolean(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Fit:
    """The weights of the donors, the gap of each month before and after the cut, and its root mean squares (log points)."""

    weights: np.ndarray
    gap: np.ndarray
    pre_rmspe: float
    post_rmspe: float

    @property
    def ratio(self) -> float:
        """post_rmspe over pre_rmspe; infinite for a perfect fit before the cut."""
        return self.post_rmspe / self.pre_rmspe if self.pre_rmspe > 0 else np.inf


def simplex_weights(y: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """The weights w (J,) >= 0 with sum 1 that minimise |y - donors w|; y (T,), donors (T, J).

    As sum w = 1, y - donors w = D w with the differences D = y - donors. Non-negative least squares of (0, 1) on D with a
    row of ones below it has, for v = s w, the value s^2 |D w|^2 + (s - 1)^2. Its minimum over s grows with |D w|, so the
    solution v has the wanted w, exactly.
    """
    system = np.ones((len(y) + 1, donors.shape[1]))
    gaps = system[:-1]
    np.subtract(y[:, None], donors, out=gaps)
    # the row of ones then has the weight of a month, whatever the unit
    gaps /= _root_mean_square(gaps.ravel()) or 1.0
    right = np.zeros(len(system))
    right[-1] = 1.0
    v, _ = nnls(system, right, maxiter=50 * donors.shape[1])
    return v / v.sum()


def fit(y: np.ndarray, donors: np.ndarray, n_pre: int) -> Fit:
    """Synthetic control of `y` (T,) from `donors` (T, J), both in logs; the first `n_pre` months lie before the cut."""
    return _fit(y - y[:n_pre].mean(), donors - donors[:n_pre].mean(axis=0), n_pre)


def placebo_ratios(donors: np.ndarray, n_pre: int) -> np.ndarray:
    """The ratio (J,) of each of the `donors` (T, J) when it is treated as the series and the others are its donors."""
    columns = np.arange(donors.shape[1])
    donors = donors - donors[:n_pre].mean(axis=0)
    return np.array([_fit(donors[:, j], donors[:, columns != j], n_pre).ratio for j in columns])


def _fit(y: np.ndarray, donors: np.ndarray, n_pre: int) -> Fit:
    """`fit` of outcomes whose means before the cut are 0."""
    weights = simplex_weights(y[:n_pre], donors[:n_pre])
    gap = y - donors @ weights
    return Fit(weights, gap, _root_mean_square(gap[:n_pre]), _root_mean_square(gap[n_pre:]))


def _root_mean_square(values: np.ndarray) -> float:
    return math.sqrt(float(values @ values) / len(values))


def synthetic_controls(
    monthly: pl.DataFrame, donors: pl.DataFrame, treated: pl.DataFrame, designs: pl.DataFrame
) -> pl.DataFrame:
    """One row (RESULT_SCHEMA) for each treated series of a pool of donors and each design.

    monthly: donor_pool_id, unit_id, period_start, value, for the treated series and the donors
    donors:  donor_pool_id, unit_id, exposed_from (first month in which a measure of its own touches the donor, or null)
    treated: donor_pool_id, series_id; designs: cut_month, dropped_months (months left out before the cut)

    Gaps are in log points. `reason` says why there is no rank, or which gate the fit did not pass. Raises ValueError if a
    month of a unit has two values.
    """
    plans = [
        (number(c), d)
        for c, d in designs.select("cut_month", "dropped_months").unique().sort(pl.all()).iter_rows()
    ]
    rows: list[dict[str, object]] = []
    for (pool,), values in monthly.sort("donor_pool_id").group_by("donor_pool_id", maintain_order=True):
        units = monthly_series(
            values.select(pl.col("unit_id").alias("series_id"), "period_start", "value", scale=pl.lit("log"))
        )
        exposed = {
            unit: None if since is None else number(since)
            for unit, since in donors.filter(donor_pool_id=pool)
            .sort("unit_id")
            .select("unit_id", "exposed_from")
            .iter_rows()
        }
        ids = treated.filter(donor_pool_id=pool)["series_id"].unique().sort().to_list()
        rows.extend(_of_pool(str(pool), ids, units, exposed, plans))
    return pl.DataFrame(rows, schema=RESULT_SCHEMA, orient="row")


def _of_pool(
    pool: str,
    ids: list[str],
    units: dict[str, MonthlySeries],
    exposed: dict[str, int | None],
    plans: list[tuple[int, int]],
) -> Iterable[dict[str, object]]:
    """Rows of one pool. exposed: donor -> month number of exposed_from; plans: (month number of the cut, months dropped)."""
    # the ratios of the donors' placebos do not depend on the treated series, so they are kept for the next one
    ratios: dict[tuple[object, ...], np.ndarray] = {}
    available = {unit: series for unit, series in units.items() if unit in exposed}
    # the same holds for the donors' values in the months of a cut
    columns_of: dict[tuple[int, int, int], dict[str, np.ndarray | None]] = {}
    for series_id in ids:
        series = units.get(series_id)
        for cut, dropped in plans:
            row: dict[str, object] = {
                **dict.fromkeys(RESULT_SCHEMA),
                "donor_pool_id": pool,
                "series_id": series_id,
                "cut_month": day(cut),
                "dropped_months": dropped,
            }
            months, reason = _months(series, available.values(), cut, dropped)
            if series is None or reason is not None:
                yield row | {"reason": reason}
                continue
            names, columns = [], []
            known = columns_of.setdefault((int(months[0]), cut, dropped), {})
            for unit, since in exposed.items():
                donor = available.get(unit)
                if donor is None or unit == series_id or (since is not None and since <= cut + POST - 1):
                    continue
                if unit not in known:
                    y = _values(donor, months)
                    known[unit] = y if np.isfinite(y).all() else None
                column = known[unit]
                if column is not None:
                    names.append(unit)
                    columns.append(column)
            if len(names) < 2:
                yield row | {"n_donors": len(names), "reason": REASON_NO_DONORS}
                continue
            key = (int(months[0]), cut, dropped, tuple(names))
            yield row | _result(_values(series, months), np.column_stack(columns), names, ratios, key)


def _months(
    series: MonthlySeries | None, donors: Iterable[MonthlySeries], cut: int, dropped: int
) -> tuple[np.ndarray, str | None]:
    """Month numbers before and after the cut, without those left out, and why they cannot be used, or None if they can."""
    start = min((d.first for d in donors), default=None)
    if series is None or start is None:
        return np.array([]), REASON_MISSING if series is None else REASON_NO_DONORS
    end = cut - dropped
    first = max(series.first, start, end - MAX_PRE)
    if end - first < MIN_PRE:
        return np.array([]), REASON_BEFORE
    if series.last < cut + POST - 1:
        return np.array([]), REASON_AFTER
    months = np.concatenate([np.arange(first, end), np.arange(cut, cut + POST)])
    if not series.positive[months - series.first].all():
        return months, REASON_NOT_POSITIVE
    y = _values(series, months)
    if np.isnan(y).any():
        return months, REASON_MISSING
    if y[:-POST].std() <= 1e-9 * max(np.abs(y).max(), 1e-3):
        return months, REASON_CONSTANT
    return months, None


def _values(series: MonthlySeries, months: np.ndarray) -> np.ndarray:
    """y of the months; NaN before the first and after the last month of the series."""
    inside = (months >= series.first) & (months <= series.last)
    y = np.full(len(months), np.nan)
    y[inside] = series.y[months[inside] - series.first]
    return y


def _result(
    y: np.ndarray,
    donors: np.ndarray,
    names: list[str],
    ratios: dict[tuple[object, ...], np.ndarray],
    key: tuple[object, ...],
) -> dict[str, object]:
    """The numbers of one row. ratios: the donors' placebos by `key`, to which those of this row are added."""
    n_pre = len(y) - POST
    fitted = fit(y, donors, n_pre)
    # the backdated run, in which the cut is EARLIER months earlier and everything else the same
    n_earlier = n_pre - EARLIER
    earlier = slice(n_earlier + POST) if n_earlier >= MIN_PRE_EARLIER else None
    enough = len(names) >= MIN_DONORS
    if key not in ratios and enough:
        ratios[key] = placebo_ratios(donors, n_pre)
        if earlier is not None:
            ratios[(*key, "earlier")] = placebo_ratios(donors[earlier], n_earlier)
    order = sorted(range(len(names)), key=lambda j: (-fitted.weights[j], names[j]))
    order = [j for j in order if fitted.weights[j] > _NO_WEIGHT]
    misfit = fitted.pre_rmspe / y[:n_pre].std(ddof=1)
    ratio = fitted.ratio if np.isfinite(fitted.ratio) else None
    largest = float(fitted.weights.max())
    earlier_ratio = earlier_rank = None
    row: dict[str, object] = {
        "n_pre": n_pre,
        "n_donors": len(names),
        "donors": [names[j] for j in order],
        "weights": [float(fitted.weights[j]) for j in order],
        "max_weight": largest,
        "mean_gap": float(fitted.gap[n_pre:].mean()),
        "pre_rmspe": fitted.pre_rmspe,
        "post_rmspe": fitted.post_rmspe,
        "rmspe_ratio": ratio,
        "misfit": float(misfit),
        "rank_floor": 1 / (len(names) + 1),
    }
    if earlier is not None:
        backdated = fit(y[earlier], donors[earlier], n_earlier)
        row["earlier_ratio"] = earlier_ratio = backdated.ratio if np.isfinite(backdated.ratio) else None
        if enough:
            row["earlier_rank"] = earlier_rank = placebo_rank(backdated.ratio, ratios[(*key, "earlier")])
    failed = _gate(float(misfit), ratio, largest, earlier_ratio, earlier_rank)
    row["gate_passed"] = failed is None
    row["reason"] = failed if enough else REASON_FEW
    if enough:
        row["rank"] = placebo_rank(fitted.ratio, ratios[key])
    return row


def _gate(
    misfit: float,
    ratio: float | None,
    largest_weight: float,
    earlier_ratio: float | None,
    earlier_rank: float | None,
) -> str | None:
    """The reason of the first gate that a fit does not pass, or None if it passes all."""
    if misfit >= MAX_MISFIT or ratio is None:
        return REASON_MISFIT
    if largest_weight >= MAX_WEIGHT:
        return REASON_ONE
    if earlier_ratio is None:
        return REASON_NOT_EARLIER
    return REASON_EARLIER if earlier_rank is not None and earlier_rank <= MIN_EARLIER_RANK else None
