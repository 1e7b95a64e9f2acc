"""A panel of trade as a cube of products, partners and months, and what changed in each cell from one window to another.

Belongs here: the cube, windows of a design, changes of trade and of duty cell by cell, which cells cannot be compared.
Does not belong here: the regression (panel_regression.py), which panels and designs there are (seeds of dbt_project).

A month without a row is a month without trade: the Census Bureau publishes no zero cells. A row without a value is something else,
a figure that is withheld: such a month is NaN and takes its cell out. A partner that has no row at all in a month of a window was not
collected then, so it is left out whole, and so is a product that nobody trades in one of the windows: its code began or ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from transforms.statistics.months import month_numbers, number

#: a cell needs this many US dollars a month on average in the window before: below, one shipment is the change
MIN_BASE_USD = 100_000
#: a change of ln(1 + duty) from here on counts as exposure where a typical exposure is told: one percent
EXPOSED_FROM = 0.01
#: codes of this many digits and more are redefined in every edition of the Harmonised System (2012, 2017, 2022)
REVISED_DIGITS = 4


@dataclass(frozen=True)
class Cube:
    """Trade of a panel. value, duty: (products, partners, months) in US dollars, 0 without trade, NaN where withheld;
    duty is None where it is not published. first: number of the first month. editions: edition of the codes of each month.
    """

    products: tuple[str, ...]
    partners: tuple[str, ...]
    first: int
    value: np.ndarray
    duty: np.ndarray | None
    editions: tuple[str, ...]

    @property
    def last(self) -> int:
        """Number of the last month."""
        return self.first + self.value.shape[2] - 1

    def at(self, months: list[int]) -> np.ndarray:
        """value of these months (numbers)."""
        return self.value[:, :, np.array(months) - self.first]


@dataclass(frozen=True)
class Windows:
    """Months (numbers) before and after a cut, in order."""

    before: list[int]
    after: list[int]

    @property
    def first(self) -> int:
        """The first month of both."""
        return self.before[0]

    @property
    def last(self) -> int:
        """The last month of both."""
        return self.after[-1]


@dataclass(frozen=True)
class Changes:
    """What changed in the cells of a cube. All are (products, partners).

    y: change of the logarithm of trade; kept: cells that can be compared; eligible: cells with the base, whether or not any
    trade is left after; base_usd: trade before; exited: eligible cells without trade after.
    """

    y: np.ndarray
    kept: np.ndarray
    eligible: np.ndarray
    base_usd: np.ndarray
    exited: np.ndarray


def cube(cells: pl.DataFrame) -> Cube:
    """The cube of `cells`: product_code, partner_iso3, period_start, value_usd, duty_usd, classification_version.

    Raises ValueError where a cell has two rows for a month, and for no rows at all.
    """
    if cells.is_empty():
        raise ValueError("a panel without cells")
    products = cells["product_code"].unique().sort()
    partners = cells["partner_iso3"].unique().sort()
    months = cells.select(month_numbers("period_start")).to_series().to_numpy()
    first, n_months = int(months.min()), int(months.max() - months.min()) + 1
    p = cells["product_code"].cast(pl.Enum(products)).to_physical().to_numpy()
    c = cells["partner_iso3"].cast(pl.Enum(partners)).to_physical().to_numpy()
    place = np.ravel_multi_index((p, c, months - first), (len(products), len(partners), n_months))
    if len(np.unique(place)) != len(place):
        raise ValueError("a cell of a panel has two rows for a month")

    def filled(column: str) -> np.ndarray:
        whole = np.zeros(len(products) * len(partners) * n_months)
        whole[place] = cells[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return whole.reshape(len(products), len(partners), n_months)

    duty = filled("duty_usd") if cells["duty_usd"].null_count() < cells.height else None
    editions = [""] * n_months
    for month, edition in cells.select("period_start", "classification_version").unique().iter_rows():
        editions[number(month) - first] = edition or ""
    return Cube(tuple(products), tuple(partners), first, filled("value_usd"), duty, tuple(editions))


def windows(cut: int, width: int, gap: int) -> Windows:
    """The months compared at a cut (a month's number).

    From 12 months on, and multiples, the window before ends `gap` months before the cut. A shorter one holds the same months a
    year earlier, because otherwise the seasons would be compared; raises ValueError where these reach into the gap.
    """
    after = list(range(cut, cut + width))
    if width % 12 == 0:
        return Windows(list(range(cut - gap - width, cut - gap)), after)
    if width > 12 - gap:
        raise ValueError(f"{width} months paired with those of a year earlier reach into a gap of {gap}")
    return Windows([month - 12 for month in after], after)


def within(table: Cube, spans: Windows) -> bool:
    """Whether the cube holds all months of the windows."""
    return spans.first >= table.first and spans.last <= table.last


def codes_revised(table: Cube, spans: Windows) -> bool:
    """Whether the codes were redefined between the windows: their edition differs and they have REVISED_DIGITS or more."""
    editions = {table.editions[month - table.first] for month in (*spans.before, *spans.after)} - {""}
    digits = max((len(code) for code in table.products if code.isdigit()), default=0)
    return digits >= REVISED_DIGITS and len(editions) > 1


def changes(table: Cube, spans: Windows, *, outcome: str = "sum") -> Changes:
    """What changed from one window to the other.

    outcome: sum for ln(sum after) - ln(sum before), which takes months without trade; mean_log for the difference of the means of
    ln(value), for which each month of a cell must have trade.
    """
    before, after = table.at(spans.before), table.at(spans.after)
    base, then = before.mean(axis=2), after.mean(axis=2)
    collected = (np.nansum(before, axis=0) > 0).all(axis=1) & (np.nansum(after, axis=0) > 0).all(axis=1)
    coded = (np.nansum(before, axis=(1, 2)) > 0) & (np.nansum(after, axis=(1, 2)) > 0)
    eligible = (base >= MIN_BASE_USD) & ~np.isnan(then) & collected[None, :] & coded[:, None]
    kept = eligible & (then > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if outcome == "mean_log":
            kept &= (before > 0).all(axis=2) & (after > 0).all(axis=2)
            y = np.log(after).mean(axis=2) - np.log(before).mean(axis=2)
        else:
            y = np.log(then) - np.log(base)
    exited = eligible & ~(then > 0)
    return Changes(np.where(kept, y, np.nan), kept, eligible, before.sum(axis=2), exited)


def realised(table: Cube, spans: Windows, *, outcome: str = "sum") -> np.ndarray:
    """The change of ln(1 + duty collected / value) in each cell, NaN where a window has no trade: (products, partners).

    With outcome mean_log the rate is taken month by month. Raises ValueError for a cube without duty.
    """
    if table.duty is None:
        raise ValueError("the panel has no duty")
    rates = []
    for months in (spans.before, spans.after):
        value = table.at(months)
        duty = table.duty[:, :, np.array(months) - table.first]
        with np.errstate(divide="ignore", invalid="ignore"):
            rates.append(
                np.log1p(duty / value).mean(axis=2)
                if outcome == "mean_log"
                else np.log1p(duty.sum(axis=2) / value.sum(axis=2))
            )
    change: np.ndarray = rates[1] - rates[0]
    return np.where(np.isfinite(change), change, np.nan)


def statutory(table: Cube, rates: pl.DataFrame, spans: Windows) -> np.ndarray:
    """The change of the mean of ln(1 + rate) in each cell, by law: (products, partners).

    rates: product_code, partner_iso3, period_start and rate, a fraction of the value, one row for each month with a duty.
    """
    weight = {month: 1 / len(spans.after) for month in spans.after}
    weight |= {month: -1 / len(spans.before) for month in spans.before}
    month_weight = pl.DataFrame(
        {"month": list(weight), "weight": list(weight.values())}, schema_overrides={"month": pl.Int32}
    )
    found = (
        rates.with_columns(month_numbers("period_start").alias("month"))
        .join(month_weight, on="month")
        .group_by("product_code", "partner_iso3")
        .agg((pl.col("rate").log1p() * pl.col("weight")).sum().alias("exposure"))
    )
    product = {code: place for place, code in enumerate(table.products)}
    partner = {code: place for place, code in enumerate(table.partners)}
    total = np.zeros((len(table.products), len(table.partners)))
    for code, country, exposure in found.iter_rows():
        if code in product and country in partner:
            total[product[code], partner[country]] = exposure
    return total


def typical(exposure: np.ndarray) -> float:
    """The median change among exposures (any shape) of at least EXPOSED_FROM on either side; NaN where there is none."""
    felt = exposure[np.abs(exposure) >= EXPOSED_FROM]
    return float(np.median(felt)) if felt.size else float("nan")
