"""The page of comparisons: its numbers are the marts', what is taken away is what is drawn, cautions come first."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from orchestration.base.settings import Settings
from orchestration.readers.dashboard.reading import current_release
from tests.support.dashboard_case import run_page, texts


@pytest.mark.parametrize(
    ("event", "series", "months"),
    [
        ("nafta-round6-end", "usa_imports_goods_mex", 12),
        ("usmca-entry-into-force", "usa_imports_goods_mex", 24),
        ("s232-autos-effective-2025-04", "usa_employment_motor_vehicles_parts", 12),
    ],
)
def test_numbers_of_a_comparison_are_the_marts(home: Settings, event: str, series: str, months: int) -> None:
    page = run_page("compare", event=event, series=series, months=str(months))
    table = page.table[0].value
    with current_release(home).connection() as con:
        mart = (
            con.sql(
                """from rpt_before_after where event_id = $e and series_id = $s and window_months = $m and gap_months = 0
               and as_of_basis = 'latest'""",
                params={"e": event, "s": series, "m": months},
            )
            .pl()
            .row(0, named=True)
        )
    seen = {row["Column"].replace("\\", ""): row["Value"] for _, row in table.iterrows()}
    assert {"pre_mean", "post_mean", "n_pre", "n_post", "n_other_events"} <= set(seen)
    for column, text in seen.items():
        value = float(text.removesuffix(" %").replace(",", ""))
        decimals = len(text.removesuffix(" %").partition(".")[2])
        assert value == pytest.approx(mart[column], abs=0.5000001 * 10**-decimals), column
    assert f"{mart['pct_change']:+.2f}" in texts(page).replace("\\", "")


def test_what_is_taken_away_is_what_is_drawn() -> None:
    # not the whole series: a reader averages the file and wants the numbers of the page
    page = run_page("compare", event="nafta-round6-end", series="usa_imports_goods_mex")
    table = next(d.value for d in page.dataframe if "is_preliminary" in d.value.columns)
    drawn = pl.from_pandas(table).with_columns(pl.col("period_start").cast(pl.Date))
    assert drawn["period_start"].min() > dt.date(2015, 1, 1)
    before = drawn.filter(pl.col("period_start").is_between(dt.date(2017, 2, 1), dt.date(2018, 1, 1)))[
        "value"
    ]
    assert before.len() == 12
    shown = {row["Column"].replace("\\", ""): row["Value"] for _, row in page.table[0].value.iterrows()}
    assert f"{before.mean():,.0f}" == shown["pre_mean"]


def test_a_vintage_gives_the_numbers_of_that_day(home: Settings) -> None:
    # METHODS: -2.07 % as known 2026-01-09; a page that mixes vintages shows -3.18 %
    page = run_page(
        "compare",
        event="s232-autos-effective-2025-04",
        series="usa_employment_motor_vehicles_parts",
        known="day",
        on_date="2026-01-09",
    )
    said = texts(page).replace("\\", "")
    assert "by -2.07 %" in said
    assert "as known on 2026-01-09, not as known now" in said


def test_cautions_come_before_the_first_number() -> None:
    page = run_page("compare", event="usmca-entry-into-force")
    kinds = [
        type(element).__name__ for element in page.main if type(element).__name__ in ("Warning", "Table")
    ]
    assert kinds[0] == "Warning"
    said = page.warning[0].value.replace("\\", "")
    assert "Overlap" in said
    assert "COVID-19" in said
