"""Rows of `raw.observation` from a collected file with the text columns period, value and observed_by.

Belongs here: what all collected files of observations have in common: codes to series, dates of copies, columns.
Does not belong here: the layout of a particular file (observations.py and the modules beside it).
"""

from __future__ import annotations

import polars as pl

from orchestration.intake.figures.collected.shared import Input, copy_dates
from transforms import periods
from transforms.schema import OBSERVATION


def of_publisher(catalogue: pl.DataFrame, publisher: str) -> pl.DataFrame:
    """The catalogue's series of one publisher that have a code of the agency."""
    return catalogue.filter((pl.col("source_id") == publisher) & pl.col("source_code").is_not_null())


def ids_by(catalogue: pl.DataFrame, code: str) -> dict[str, str]:
    """The column `code` of the catalogue -> series_id."""
    return dict(catalogue.select(code, "series_id").iter_rows())


def observed(
    file: str,
    raw: pl.DataFrame,
    series: pl.Expr,
    *,
    status: pl.Expr | None = None,
    basis: str = "observed_by",
) -> pl.DataFrame:
    """Rows with the text columns period, value and observed_by as observations of `series`.

    status: what the publisher marks a figure as (normal without it). basis: `release` where observed_by is the day that the
    publisher printed on the release itself.
    Raises ValueError or a PolarsError for a period or number that cannot be read.
    """
    starts = {text: periods.parse_period(text) for text in raw["period"].unique()}
    frame = raw.select(
        series_id=series,
        period_start=pl.col("period").replace_strict(starts, return_dtype=pl.Date),
        value=pl.col("value").cast(pl.Float64),
        status=pl.lit("normal") if status is None else status,
        known_from=copy_dates(file, pl.col("observed_by"), raw["observed_by"]),
        known_from_basis=pl.lit(basis),
        month_only=pl.col("observed_by").str.contains(r"^\d{4}-\d{2}(_\w+)?$"),
    )
    return _before_the_next_release(frame).select(list(OBSERVATION.polars_schema))


def _before_the_next_release(frame: pl.DataFrame) -> pl.DataFrame:
    """Date a copy labelled by a month alone before any copy of its series from a day of that month that has more periods.

    A month alone means its last day. But a copy that lacks a period which another copy had on the 9th was made from an
    earlier release; dated to the last day, it would seem to revise the values of the later release back (MANEMP and
    PAYEMS of January 2026, CPIAUCSL of August 2026).
    """
    copies = frame.group_by("series_id", "known_from", "month_only").agg(last=pl.col("period_start").max())
    dated = copies.filter(~pl.col("month_only")).select(
        "series_id", seen=pl.col("known_from"), reach=pl.col("last")
    )
    moved = (
        copies.filter("month_only")
        .join(dated, on="series_id")
        .filter(
            (pl.col("seen").dt.truncate("1mo") == pl.col("known_from").dt.truncate("1mo"))
            & (pl.col("reach") > pl.col("last"))
        )
        .group_by("series_id", "known_from", "month_only")
        .agg(earlier=pl.col("seen").min() - pl.duration(days=1))
    )
    return frame.join(
        moved, on=["series_id", "known_from", "month_only"], how="left", maintain_order="left"
    ).with_columns(known_from=pl.coalesce("earlier", "known_from"))


def from_wide(file: str, wide: pl.DataFrame, observed_by: str) -> Input:
    """A file with one column a series and one row a period, copied as a whole at `observed_by`."""
    long = wide.unpivot(index="period", variable_name="series").with_columns(observed_by=pl.lit(observed_by))
    return Input(file, observed(file, long, pl.col("series")), long.height)
