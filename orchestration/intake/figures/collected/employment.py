"""Employment as the Bureau of Labor Statistics released it, release by release: the nation by industry, and the states.

Belongs here: the layout of both files, what is left out and why.
Does not belong here: copies of whole series (observations.py).

Each release shows four months (the newest three and the one a year before), so a month that a release lacks is not withdrawn.
The day is the one printed on the release: the basis of known_from is `release`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.observed import ids_by, observed, of_publisher
from orchestration.intake.figures.collected.shared import Input, left_out, read_as_text

#: what BLS marks with (p)
_STATUS = pl.when(pl.col("prelim") == "1").then(pl.lit("preliminary")).otherwise(pl.lit("normal"))


def national(folder: Path, catalogue: pl.DataFrame) -> Input:
    """Employees by industry in 192 releases of The Employment Situation, adjusted and not."""
    return _releases(
        folder, "bls_ces_release_vintages.parquet", catalogue, "industries without a series", "releases"
    )


def states(folder: Path, catalogue: pl.DataFrame) -> Input:
    """Employees in manufacturing by state in 170 releases, adjusted and not: 50 states and the District of Columbia."""
    return _releases(
        folder,
        "bls_sae_state_manufacturing_vintages.parquet",
        catalogue,
        "total nonfarm employment, Puerto Rico and the Virgin Islands",
        "states",
    )


def before_what_it_lacks(copies: pl.DataFrame, releases: pl.DataFrame) -> pl.DataFrame:
    """The copies, each dated before the first release whose newest month it lacks.

    copies, releases: rows of raw.observation. The day of a copy is that by which somebody showed it; what it holds may be
    older. Dated after a release that it does not hold, it would seem to take that release back (the copy of 5 February 2023
    is from before the benchmark of 3 February, that of 31 January 2026 from before 9 January).
    """
    keys = ["series_id", "known_from"]
    reach = copies.group_by(keys).agg(last=pl.col("period_start").max())
    shown = releases.group_by(keys).agg(newest=pl.col("period_start").max())
    earlier = (
        reach.join(shown.rename({"known_from": "released"}), on="series_id")
        .filter((pl.col("released") <= pl.col("known_from")) & (pl.col("newest") > pl.col("last")))
        .group_by(keys)
        .agg(earlier=pl.col("released").min() - pl.duration(days=1))
    )
    return (
        copies.join(earlier, on=keys, how="left", maintain_order="left")
        .with_columns(known_from=pl.coalesce("earlier", "known_from"))
        .drop("earlier")
    )


def _releases(folder: Path, file: str, catalogue: pl.DataFrame, others: str, kind: str) -> Input:
    raw = read_as_text(folder / file)
    ids = ids_by(of_publisher(catalogue, "bls"), "source_code")
    code = pl.col("publisher_code")
    kept = raw.filter(code.is_in(list(ids)))
    return Input(
        file,
        observed(
            file, kept, code.replace_strict(ids, return_dtype=pl.String), status=_STATUS, basis="release"
        ),
        raw.height,
        left_out(raw.filter(~code.is_in(list(ids))), others),
        kind=kind,
    )
