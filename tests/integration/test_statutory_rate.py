"""Rates by law of the whole build, against what was collected and against daily rates that others computed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.support.read_only import reading

#: Months between the first day of a deal by law and its notice: the old rate was collected (published_on of the measures).
BEFORE_THE_NOTICE = {
    ("DEU", dt.date(2025, 8, 1)),
    ("DEU", dt.date(2025, 9, 1)),
    ("KOR", dt.date(2025, 11, 1)),
}
#: Points by which more was collected than the law says, at most: measured on January to November 2025 of seven partners (Japan 1.93
#: in October 2025, where metal in machinery is an estimate; every other partner 0.3).
COLLECTED_ABOVE = {"JPN": 2.0}
COLLECTED_ABOVE_OTHERS = 0.3

#: Distance to the rates of the Budget Lab at Yale in points, by partner: mean over January 2025 to June 2026, and largest. Measured, rounded
#: up to a tenth; docs/methods.md says why they differ.
MEAN_AND_LARGEST = {
    "CAN": (0.6, 1.9),
    "MEX": (1.1, 3.2),
    "CHN": (2.3, 14.0),
    "DEU": (2.5, 7.6),
    "GBR": (3.2, 7.1),
    "JPN": (1.9, 4.0),
    "KOR": (1.8, 7.1),
}
CENSUS_CODE = {
    "1220": "CAN",
    "2010": "MEX",
    "5700": "CHN",
    "4280": "DEU",
    "4120": "GBR",
    "5880": "JPN",
    "5800": "KOR",
}


@pytest.fixture(scope="module")
def rates(home) -> pl.DataFrame:
    with reading(home.current_database) as con:
        return con.sql("FROM rpt_statutory_rate").pl()


def test_hardly_more_is_collected_than_the_law_says(rates: pl.DataFrame) -> None:
    """A measure that is missed, or a duty that falls away although it is due, would leave the rate by law below what was paid."""
    above = (
        rates.drop_nulls("collected_rate_pct")
        .with_columns(points=pl.col("collected_rate_pct") - pl.col("statutory_rate_pct"))
        .select("partner_iso3", "period_start", "points")
    )
    assert above.height >= 70
    wrong = {
        (partner, month, points)
        for partner, month, points in above.iter_rows()
        if (partner, month) not in BEFORE_THE_NOTICE
        and month < dt.date(2025, 12, 1)
        and points > COLLECTED_ABOVE.get(partner, COLLECTED_ABOVE_OTHERS)
    }
    assert not wrong


def test_a_stated_rate_on_goods_is_not_below_what_was_collected(home) -> None:
    """A rate was printed for chapters of which lists 3 and 4A reach further lines: 10 by law, 17 collected. The tolerance is for
    rates that are 'at least': measured 0.17 (vehicles of Japan, October 2025), and none where they are exact."""
    with reading(home.current_database) as con:
        below = con.sql(
            """SELECT exposure.partner_iso3, product_code, period_start, statutory_rate_pct, collected_rate_pct
            FROM rpt_tariff_exposure AS exposure
            WHERE collected_rate_pct > statutory_rate_pct + CASE WHEN statutory_is_at_least THEN 0.5 ELSE 0 END
                AND NOT EXISTS (
                    FROM dim_tariff_measure AS measure
                    WHERE list_contains(exposure.measure_ids, measure.measure_id)
                        AND measure.published_on >= exposure.period_start
                )"""
        ).fetchall()
        rated = con.sql("FROM rpt_tariff_exposure WHERE statutory_rate_pct IS NOT NULL").fetchall()
    assert not below
    assert len(rated) > 300


def test_claims_of_2024_would_have_cost_canada_and_mexico_more(rates: pl.DataFrame) -> None:
    """Shares of claims that are swapped would show the lower rate as the higher one."""
    both = rates.filter(pl.col("partner_iso3").is_in(["CAN", "MEX"]))
    assert (both["statutory_rate_2024_claims_pct"] >= both["statutory_rate_pct"] - 1e-9).all()
    assert (
        rates.filter(~pl.col("partner_iso3").is_in(["CAN", "MEX"]))["statutory_rate_2024_claims_pct"]
        .is_null()
        .all()
    )


@pytest.mark.parametrize(
    ("partner", "month", "low", "high"),
    [
        # ordinary duties alone, and on China the duties since 2018
        ("CAN", dt.date(2025, 1, 1), 0.0, 0.2),
        ("CHN", dt.date(2025, 1, 1), 11.0, 13.0),
        # 145 on China for the last weeks of April and the first of May
        ("CHN", dt.date(2025, 4, 1), 70.0, 100.0),
        # after the emergency duties ended and the surcharge of 10 had begun
        ("CHN", dt.date(2026, 3, 1), 20.0, 25.0),
    ],
)
def test_known_months(rates: pl.DataFrame, partner: str, month: dt.date, low: float, high: float) -> None:
    row = rates.row(
        by_predicate=(pl.col("partner_iso3") == partner) & (pl.col("period_start") == month), named=True
    )
    assert low <= row["statutory_rate_pct"] <= high
    assert row["statutory_rate_pct"] == pytest.approx(row["ordinary_rate_pct"] + row["added_rate_pct"])


@pytest.mark.recorded
def test_rates_are_near_those_that_others_computed(rates: pl.DataFrame, shared_data: Path) -> None:
    """An independent computation by line and day: a wrong list, rate or rule of two duties shows in some months of a partner."""
    daily = pl.read_parquet(shared_data / "yale" / "yale_daily_by_country.parquet")
    others = (
        daily.filter(pl.col("country").is_in(list(CENSUS_CODE)), pl.col("date") < dt.date(2026, 7, 1))
        .group_by(
            partner_iso3=pl.col("country").replace_strict(CENSUS_CODE),
            period_start=pl.col("date").dt.truncate("1mo"),
        )
        .agg(theirs=100 * pl.col("weighted_etr").mean())
    )
    compared = rates.join(others, on=["partner_iso3", "period_start"]).with_columns(
        apart=(pl.col("statutory_rate_pct") - pl.col("theirs")).abs()
    )
    assert compared.height == 7 * 18
    measured = {
        partner: (round(mean, 2), round(largest, 2))
        for partner, mean, largest in compared.group_by("partner_iso3")
        .agg(pl.col("apart").mean(), pl.col("apart").max().alias("largest"))
        .iter_rows()
    }
    for partner, (mean, largest) in MEAN_AND_LARGEST.items():
        assert measured[partner][0] <= mean, measured
        assert measured[partner][1] <= largest, measured
    # before the reciprocal tariff and since the metals duties are on full value nothing is estimated that differs
    calm = compared.filter(
        (pl.col("period_start") < dt.date(2025, 4, 1)) | (pl.col("period_start") >= dt.date(2026, 4, 1))
    )
    assert calm["apart"].max() <= 0.9
    correlation = compared.select(pl.corr("statutory_rate_pct", "theirs")).item()
    assert correlation > 0.98
