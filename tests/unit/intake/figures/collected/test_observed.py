"""Rows of observations from text columns: basis and status as the publisher states them, months dated before what they lack."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from orchestration.intake.figures.collected.observed import from_wide, observed

ROWS = pl.DataFrame(
    {"period": ["2025-12", "2026-01"], "value": ["1", "2"], "observed_by": ["2026-02-11"] * 2}
)


def test_a_release_states_its_basis_and_what_is_preliminary() -> None:
    status = pl.when(pl.col("period") == "2026-01").then(pl.lit("preliminary")).otherwise(pl.lit("normal"))
    frame = observed("x.csv", ROWS, pl.lit("s"), status=status, basis="release")
    assert frame["status"].to_list() == ["normal", "preliminary"]
    assert set(frame["known_from_basis"]) == {"release"} and set(frame["known_from"]) == {
        datetime(2026, 2, 11)
    }


def test_a_copy_without_a_release_is_an_upper_bound() -> None:
    frame = observed("x.csv", ROWS, pl.lit("s"))
    assert set(frame["known_from_basis"]) == {"observed_by"} and set(frame["status"]) == {"normal"}


def test_a_month_alone_is_dated_before_a_copy_of_a_day_that_has_more() -> None:
    rows = pl.concat([ROWS, ROWS.head(1).with_columns(observed_by=pl.lit("2026-02"))])
    frame = observed("x.csv", rows, pl.lit("s"))
    assert frame["known_from"].to_list()[-1] == datetime(2026, 2, 10)


def test_columns_become_series() -> None:
    wide = pl.DataFrame({"period": ["2025-12"], "a": ["1"], "b": ["2"]})
    frame = from_wide("x.csv", wide, "2026-01-31").frame
    assert frame.select("series_id", "period_start", "value").rows() == [
        ("a", date(2025, 12, 1), 1.0),
        ("b", date(2025, 12, 1), 2.0),
    ]
