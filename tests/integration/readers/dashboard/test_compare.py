"""The page of comparisons: it opens with the answer, its numbers are the marts', what is taken away is what is drawn."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from orchestration.base.settings import Settings
from orchestration.readers.comparison.answer import answer_of
from orchestration.readers.comparison.answer_words import answer_text, design_rows, in_the_way
from orchestration.readers.dashboard.reading import current_release
from orchestration.readers.release_file import open_release, read
from orchestration.readers.rows import DimSeries
from tests.support.dashboard_case import AppTest, run_page, texts


def numbers(page: AppTest):
    """The table of all columns, which stands folded away below the answer."""
    return next(table.value for table in page.table if "Column" in table.value.columns)


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
    table = numbers(page)
    with current_release(home).connection() as con:
        mart = (
            con.sql(
                """from rpt_before_after where event_id = $e and series_id = $s and window_months = $m and is_default_gap
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
    table = next(d.value for d in page.dataframe if "Is preliminary" in d.value.columns)
    drawn = pl.from_pandas(table).with_columns(pl.col("Period start").cast(pl.Date))
    assert drawn["Period start"].min() > dt.date(2015, 1, 1)
    before = drawn.filter(pl.col("Period start").is_between(dt.date(2017, 1, 1), dt.date(2017, 12, 1)))[
        "Value"
    ]
    assert before.len() == 12
    shown = {row["Column"].replace("\\", ""): row["Value"] for _, row in numbers(page).iterrows()}
    assert f"{before.mean():,.0f}" == shown["pre_mean"]


def test_a_vintage_gives_the_numbers_of_that_day(home: Settings) -> None:
    # METHODS, with the month of the event: -2.07 % as known 2026-01-09; a page that mixes vintages shows -3.18 %
    page = run_page(
        "compare",
        event="s232-autos-effective-2025-04",
        series="usa_employment_motor_vehicles_parts",
        known="day",
        on_date="2026-01-09",
        gap="0",
    )
    said = texts(page).replace("\\", "")
    assert "by -2.07 %" in said
    assert "as known on 2026-01-09, not as known now" in said


def test_cautions_come_before_the_columns() -> None:
    page = run_page("compare", event="usmca-entry-into-force")
    order = [
        "warning" if type(element).__name__ == "Warning" else "columns"
        for element in page.main
        if type(element).__name__ == "Warning"
        or (type(element).__name__ == "Table" and "Column" in element.value.columns)
    ]
    assert order[:2] == ["warning", "columns"]
    said = page.warning[0].value.replace("\\", "")
    assert "Overlap" in said
    assert "COVID-19" in said


@pytest.mark.parametrize(
    ("event", "series", "months"),
    [
        ("s301-list3-2018-09", "usa_imports_goods_chn", 12),
        ("nafta-round6-end", "usa_imports_goods_mex", 12),
        ("usmca-entry-into-force", "usa_sales_light_vehicles", 6),
    ],
)
def test_the_page_opens_with_the_answer_and_the_table_of_designs(
    home: Settings, event: str, series: str, months: int
) -> None:
    """A number before the answer is read as the answer."""
    page = run_page("compare", event=event, series=series, months=str(months))
    with open_release(home) as con:
        found = answer_of(con, event, read(con, DimSeries, "where series_id = ?", [series])[0], months)
    assert found is not None
    said = texts(page).replace("\\", "")
    first, _, _ = answer_text(found).partition(". ")
    assert first in said
    table = page.table[0].value
    assert [str(v).replace("\\", "") for v in table["Verdict"]] == [
        row["verdict"] for row in design_rows(found)
    ]
    for line in in_the_way(found):
        assert line in said


def test_an_event_that_is_not_compared_has_no_verdict_on_the_page(home: Settings) -> None:
    """A letter that came to nothing opened with the answer of the tariffs around it."""
    page = run_page(
        "compare", event="ieepa-mexico-letter-2025-07", series="usa_imports_goods_mex", months="6"
    )
    shown = texts(page).replace("\\", "")
    assert "(means of the logarithms): described, not judged." in shown
    assert "Nothing is compared around this event: never in force." in shown
    assert "usual range of" not in shown and "not told apart" not in shown
