"""Rates by law by month: what a measure's days, a partner's own days and the lists of goods give.

Prevents: a day too many at either end of a measure, a partner that bears the measure's own rate beside the one that holds for it, a rate of
zero as an exposure, a product that is on two lists counted once, measures of the family among the others.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.statistics import panel_rates as pr

DAYS = st.dates(date(2018, 1, 1), date(2019, 6, 30))
MONTHS = [date(2018 + n // 12, n % 12 + 1, 1) for n in range(20)]
SPELL = {
    "measure_id": pl.String,
    "partner_iso3": pl.String,
    "rate_pct": pl.Float64,
    "effective_from": pl.Date,
    "day_after": pl.Date,
}


def known(
    partners: list[str], rate: float, first: date | None, after: date | None, spells: list[tuple[object, ...]]
) -> pr.Measures:
    measures = pl.DataFrame(
        {
            "measure_id": ["m"],
            "partners": [partners],
            "rate_pct": [rate],
            "effective_on": [first],
            "ended_on": [after],
        },
        schema_overrides={"effective_on": pl.Date, "ended_on": pl.Date},
    )
    listed = pl.DataFrame({"measure_id": ["m"], "list_id": ["l"]})
    return pr.Measures(listed, measures, pl.DataFrame(spells, schema=SPELL, orient="row"))


def by_days(first: date, after: date, rate: float) -> dict[date, float]:
    """The mean rate of each month, day by day."""
    found = {}
    for month in MONTHS:
        length = calendar.monthrange(month.year, month.month)[1]
        days = sum(first <= month + timedelta(days=n) < after for n in range(length))
        if days and rate > 0:
            found[month] = rate / 100 * days / length
    return found


@given(first=DAYS, after=DAYS, rate=st.sampled_from([0.0, 7.5, 25.0]), own=st.booleans(), world=st.booleans())
def test_a_rate_counts_by_the_days_on_which_it_holds(first, after, rate, own, world):
    spells = [("m", "CHN", rate, first, after)] if own else []
    around = (date(2018, 2, 3), date(2019, 1, 9))
    of_measure = (10.0, *around) if own else (rate, first, after)
    found = pr.by_month(
        known(["WLD"] if world else ["CHN"], *of_measure, spells),
        pl.Series(["CHN", "DEU"]),
        pl.Series(MONTHS),
    )
    months = {partner: {} for partner in ("CHN", "DEU")}
    for _, _, partner, month, value in found.iter_rows():
        months[partner][month] = value
    expected = {
        "CHN": by_days(first, after, rate),
        "DEU": by_days(*around, 10.0) if own else by_days(first, after, rate),
    }
    assert months["CHN"] == pytest.approx(expected["CHN"], rel=1e-12)
    assert months["DEU"] == pytest.approx(expected["DEU"] if world else {}, rel=1e-12)


def test_a_measure_without_an_end_goes_on_and_one_without_a_beginning_is_none():
    found = pr.by_month(
        known(["CHN"], 10, date(2018, 1, 17), None, []), pl.Series(["CHN"]), pl.Series(MONTHS)
    )
    assert found["rate"].to_list() == pytest.approx([0.1 * 15 / 31, *[0.1] * 19])
    assert pr.by_month(known(["CHN"], 10, None, None, []), pl.Series(["CHN"]), pl.Series(MONTHS)).is_empty()


def test_lists_of_a_product_add_up_and_the_family_is_told_apart():
    month = date(2018, 9, 1)
    monthly = pl.DataFrame(
        {
            "measure_id": ["a", "b", "c"],
            "list_id": ["one", "two", "two"],
            "partner_iso3": ["CHN"] * 3,
            "period_start": [month] * 3,
            "rate": [0.1, 0.2, 0.05],
        }
    )
    families = pl.DataFrame({"family_id": ["f"], "panel_id": ["p"], "measures": [["a", "b"]]})
    cells = pl.DataFrame(
        {
            "panel_id": ["p"] * 3,
            "classification": ["HS"] * 3,
            "product_code": ["870323", "870324", "870323"],
            "partner_iso3": ["CHN", "CHN", "DEU"],
        }
    )
    coverage = pl.DataFrame(
        {
            "product_system": ["HS", "HS", "NAICS"],
            "product_code": ["870323", "870323", "870324"],
            "list_id": ["one", "two", "two"],
            "coverage": [0.5, 0.25, 1.0],
        }
    )
    found = pr.rates(families, cells, coverage, monthly)
    assert found.schema == pl.Schema(pr.RATE_SCHEMA)
    rows = {row["is_own"]: row for row in found.iter_rows(named=True)}
    assert found.height == 2 and {row["partner_iso3"] for row in rows.values()} == {"CHN"}
    assert rows[True]["rate"] == pytest.approx(0.5 * 0.1 + 0.25 * 0.2)
    assert rows[False]["rate"] == pytest.approx(0.25 * 0.05)
