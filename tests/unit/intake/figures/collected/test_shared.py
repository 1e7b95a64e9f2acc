"""What the readers of collected files share: labels that cannot be right are corrected, text is never guessed at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.shared import (
    copy_dates,
    corrected_label,
    left_out,
    midnight,
    read_text,
)


def test_a_label_earlier_than_its_figures_is_moved_and_others_stay() -> None:
    assert corrected_label("canada_levels.csv", "2020-11") == "2020-12"
    assert corrected_label("another.csv", "2020-11") == "2020-11"


def test_each_copy_is_known_from_the_end_of_its_label() -> None:
    frame = pl.DataFrame({"observed_by": ["2020-11", "2026-08-06"]})
    dates = frame.select(
        copy_dates("canada_levels.csv", pl.col("observed_by"), frame["observed_by"])
    ).to_series()
    assert dates.to_list() == [datetime(2020, 12, 31), datetime(2026, 8, 6)]
    assert frame.select(midnight("2026-08-06")).to_series().to_list() == [datetime(2026, 8, 6)]


def test_codes_that_look_like_numbers_and_units_with_commas_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('code,unit\n0020,"thousands, SA"\n')
    assert read_text(path).rows() == [("0020", "thousands, SA")]


def test_rows_left_out_are_accounted_for_only_where_there_are_some() -> None:
    rows = pl.DataFrame({"a": [1, 2]})
    assert left_out(rows, "repeated") == ((2, "repeated"),)
    assert left_out(rows.clear(), "repeated") == ()
