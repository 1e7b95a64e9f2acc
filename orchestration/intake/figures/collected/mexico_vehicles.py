"""Mexico's register of light vehicles (RAIAVL): production by maker as one public copy has it, and figures quoted by the press.

Belongs here: the layout of both files, makers to series, which quoted figures are first vintages of which series.
Does not belong here: INEGI's series of all vehicles (observations.py), which hold heavy ones and are never joined with these.

INEGI's bulletins leave Foton out (an inference: 14 months of the copy less Foton equal the bulletins to the vehicle), so what
the press quotes of production belongs to the series without Foton.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.observed import observed
from orchestration.intake.figures.collected.shared import Input, left_out, read_text

#: the day on which the copy of the register was made
_COPIED_ON = "2026-09-07"
#: maker as the copy writes it -> end of the id of its series
MAKERS = {
    "Acura": "acura",
    "Audi": "audi",
    "BMW": "bmw",
    "Chrysler": "chrysler",
    "Ford Motor": "ford",
    "Foton": "foton",
    "General Motors": "general_motors",
    "Honda": "honda",
    "JAC": "jac",
    "KIA": "kia",
    "Mazda": "mazda",
    "Mercedes Benz": "mercedes_benz",
    "Nissan": "nissan",
    "Toyota": "toyota",
    "Volkswagen": "volkswagen",
}
_TOTAL = "mex_production_light_vehicles"
_WITHOUT_FOTON = "mex_production_light_vehicles_without_foton"

#: figure in the bulletin -> its series, and the first month from which every month was found quoted
_QUOTED = {
    "RAIAVL produccion total": (_WITHOUT_FOTON, "2023-01"),
    "RAIAVL exportacion total": ("mex_exports_light_vehicles", "2025-01"),
    "RAIAVL venta total": ("mex_sales_light_vehicles", "2025-04"),
}
#: after this month none was found for half a year
_QUOTED_UNTIL = "2026-02"


def production(folder: Path) -> Input:
    """Light vehicles made in Mexico by month: in all, without Foton, and by maker.

    A maker with no row in a month between its first and its last made none: the file lists such rows with 0 (BMW, December
    2024). Raises ValueError where the makers do not add up to the totals that stand beside them.
    """
    file = "raiavl_production_brand_model_2023_2026.csv"
    raw = read_text(folder / "raiavl" / file)
    period = pl.format("{}-{}", "year", pl.col("month").str.zfill(2))
    made = raw.select(period=period, maker="brand", units=pl.col("units").cast(pl.Int64))
    stated = read_text(folder / "raiavl" / "raiavl_production_month.csv")
    totals = stated.select(period=period, stated=pl.col("units").cast(pl.Int64))
    by_maker = made.group_by("maker", "period").agg(pl.col("units").sum())
    summed = totals.join(made.group_by("period").agg(pl.col("units").sum()), on="period", how="left")
    if (wrong := summed.filter(pl.col("units").ne_missing(pl.col("stated")))).height:
        raise ValueError(
            f"{file}: the makers of {wrong['period'][0]} do not add up to the total of the month"
        )
    first = by_maker.group_by("maker").agg(since=pl.col("period").min())
    every = first.join(totals.select("period"), how="cross").filter(pl.col("period") >= pl.col("since"))
    filled = every.join(by_maker, on=["maker", "period"], how="left").with_columns(
        pl.col("units").fill_null(0)
    )
    prefix = pl.lit(f"{_TOTAL}_")
    parts = [
        filled.select("period", "units", series=prefix + pl.col("maker").replace_strict(MAKERS)),
        made.group_by("period").agg(pl.col("units").sum()).with_columns(series=pl.lit(_TOTAL)),
        made.filter(pl.col("maker") != "Foton")
        .group_by("period")
        .agg(pl.col("units").sum())
        .with_columns(series=pl.lit(_WITHOUT_FOTON)),
    ]
    rows = pl.concat(parts).select(
        "series", "period", value=pl.col("units").cast(pl.String), observed_by=pl.lit(_COPIED_ON)
    )
    return Input(
        file,
        observed(file, rows, pl.col("series")),
        raw.height,
        left_out(raw, "models one by one: their sums are the series"),
        ((rows.height, "sums over models: by maker, in all, and in all without Foton"),),
    )


def quoted(folder: Path) -> Input:
    """Figures of INEGI's bulletins as newspapers reprinted them: the first vintages of production, exports and sales."""
    file = "inegi_press_release_figures_mexico.csv"
    raw = read_text(folder / file)
    code = pl.col("publisher_code")
    cumulative = raw.filter(frequency="cumulative")
    monthly = raw.filter(frequency="M")
    trade = monthly.filter(~code.is_in(list(_QUOTED)))
    known = monthly.filter(code.is_in(list(_QUOTED)))
    since = code.replace_strict({name: month for name, (_, month) in _QUOTED.items()}, return_dtype=pl.String)
    kept = known.filter(pl.col("period") >= since, pl.col("period") <= _QUOTED_UNTIL)
    ids = {name: series for name, (series, _) in _QUOTED.items()}
    return Input(
        file,
        observed(file, kept, code.replace_strict(ids, return_dtype=pl.String)),
        raw.height,
        (
            *left_out(cumulative, "sums since January: they check the months and are none"),
            *left_out(
                trade, "trade balance of single months after 2022-06: mostly holes, and revised a month later"
            ),
            *left_out(
                known.join(kept, on=known.columns, how="anti", nulls_equal=True),
                "single months with holes around them",
            ),
        ),
        kind="press",
    )
