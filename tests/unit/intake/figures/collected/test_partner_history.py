"""Partner totals since 1985: earlier vintages where they agree with the later figures, across a declared break where not."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration.intake.figures.collected import flows, partner_history
from orchestration.intake.figures.make import TRADE_SERIES
from tests.support.bundled import as_of, read
from transforms.codes import ISO3_OF_SCHEDULE_C

COPY = datetime(2018, 6, 8)
KEYS = ["partner_code", "flow"]


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


def breaks() -> pl.DataFrame:
    """The declared breaks: partner_code, flow, break_period and the rest of the seed."""
    return pl.read_csv(
        TRADE_SERIES.with_name("seed_declared_flow_break.csv"),
        schema_overrides={"partner_code": pl.String, "product_code": pl.String, "break_period": pl.Date},
    )


def test_every_partner_agrees_with_the_later_figures_or_has_a_declared_break(totals: pl.DataFrame) -> None:
    """Months of another territory under the later ones would be compared with them, or pass for revisions of them."""
    old, new = totals.filter(pl.col("known_from") == COPY), totals.filter(pl.col("known_from") > COPY)
    sums = (
        old.join(new, on=[*KEYS, "period_start"], suffix="_later")
        .group_by(KEYS)
        .agg(pl.col("value_usd", "value_usd_later").sum())
    )
    assert sums.height > 420
    assert ((sums["value_usd"] / sums["value_usd_later"] - 1).abs() < 0.01).all()
    apart = old.join(sums, on=KEYS, how="anti")
    assert apart["period_start"].max() < date(2013, 1, 1), "no month of them is an earlier vintage"
    declared = breaks()
    assert_frame_equal(apart.select(KEYS).unique().sort(KEYS), declared.select(KEYS).sort(KEYS))
    first_later = new.group_by(KEYS).agg(pl.col("period_start").min().alias("first_later"))
    parted = declared.join(first_later, on=KEYS)
    assert parted.height == declared.height and (parted["break_period"] == parted["first_later"]).all()


@pytest.mark.recorded
def test_the_declared_breaks_are_those_of_the_collected_table(shared_data: Path) -> None:
    """One that is missing lets two territories be compared; one too many withholds a comparison that is sound."""
    later = pl.concat(
        flows.partner_totals(shared_data / "figures", f"us_{flow}_by_country.parquet", flow, "general").frame
        for flow in ("imports", "exports")
    )
    table = pl.read_parquet(shared_data / "newer" / "census_country_table_1985_2016.parquet").select(
        "flow",
        partner_code="cty_code",
        period=pl.col("month").dt.strftime("%Y-%m"),
        value_usd=pl.col("value_usd_million") * 1e6,
    )
    traded = table.filter(pl.col("value_usd") > 0, pl.col("partner_code").is_in([*ISO3_OF_SCHEDULE_C]))
    apart = partner_history.differing(traded, later)
    assert_frame_equal(apart.select(KEYS), breaks().select(KEYS).sort(KEYS))


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
