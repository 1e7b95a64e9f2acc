"""Partner totals since 1985: joined where they agree with the later figures, left out where they do not."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from orchestration.intake.figures.collected import partner_history
from tests.support.bundled import as_of, read

COPY = datetime(2018, 6, 8)


@pytest.fixture(scope="module")
def totals() -> pl.DataFrame:
    return read("trade_flow_census_partner_totals")


def test_imports_from_mexico_begin_in_1985_and_the_figures_of_later_copies_stay() -> None:
    figures = read("observation_census")
    mexico = as_of(figures, "usa_imports_goods_mex")
    assert min(mexico) == date(1985, 1, 1) and len(mexico) == 500
    assert (
        as_of(figures, "usa_imports_goods_mex", date(2018, 6, 8))[date(1994, 1, 1)]
        == mexico[date(1994, 1, 1)]
    )


def test_every_joined_partner_agrees_with_the_later_figures(totals: pl.DataFrame) -> None:
    keys = ["partner_code", "flow"]
    old, new = totals.filter(pl.col("known_from") == COPY), totals.filter(pl.col("known_from") > COPY)
    sums = (
        old.join(new, on=[*keys, "period_start"], suffix="_later")
        .group_by(keys)
        .agg(pl.col("value_usd", "value_usd_later").sum())
    )
    assert sums.height > 420
    assert ((sums["value_usd"] / sums["value_usd_later"] - 1).abs() < 0.01).all()
    assert not old.join(sums, on=keys, how="anti").height


def test_groups_of_partners_do_not_come_from_the_old_table(totals: pl.DataFrame) -> None:
    """Their numbers are not those of today: 0010 was North America, 0020 is the USMCA."""
    old = totals.filter(pl.col("known_from") == COPY)
    assert not old.filter(pl.col("partner_code").str.starts_with("00")).height
    assert old.filter(pl.col("partner_code") == "-")["period_start"].min() == date(1988, 1, 1)


def test_a_partner_that_differs_by_a_percent_or_has_no_common_month_is_named() -> None:
    def rows(*values: tuple[str, str, int]) -> pl.DataFrame:
        return pl.DataFrame(
            [(code, "imports", month, value) for code, month, value in values],
            schema=["partner_code", "flow", "period", "value_usd"],
            orient="row",
        )

    old = rows(("1220", "2013-01", 1000), ("2010", "2013-01", 1000), ("5700", "1990-01", 5))
    later = rows(("1220", "2013-01", 1009), ("2010", "2013-01", 1011), ("5700", "2013-01", 5)).with_columns(
        period_start=pl.col("period").str.to_date("%Y-%m")
    )
    assert partner_history.differing(old, later)["partner_code"].to_list() == ["2010", "5700"]
