"""docs/coverage.md: a hole that is not on the page, and a missing row that is read as a zero where nobody knows."""

from __future__ import annotations

import duckdb

from orchestration.documentation.coverage_page import coverage_page
from tests.unit.readers.test_coverage import filled


def section(page: str, title: str) -> list[str]:
    """The rows of the table under a heading, without its two lines of head."""
    text = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def test_flows_series_and_absent_rows_have_a_table_each():
    with duckdb.connect() as con:
        filled(
            con,
            {"hole_count": 3, "holes": ["2020-10 to 2020-12"]},
            {"partner_iso3": "MEX", "duty_count": 5},
            {
                "source_id": "oica",
                "held_as": "series",
                "measure": "production",
                "flow": None,
                "basis": None,
                "classification": None,
                "product_level": None,
                "partner_iso3": None,
                "frequency": "annual",
                "series_count": 9,
                "absent_row": "not_told",
                "zeros": "none_seen",
                "absent_row_evidence": "a | b",
            },
            {"source_id": "mine", "zeros": "not_told", "absent_row": "not_told", "absent_row_evidence": None},
        )
        page = coverage_page(con)
    census, mine = section(page, "Trade and freight flows")
    assert census == (
        "| census | USA imports, trade | consumption | HS, 2 digits | 2 partners | 96 | 2013-01 | 2021-07 | 0-3 | 1,005 "
        "| 20 of 2,000 |"
    )
    assert mine.startswith("| mine | ")
    assert section(page, "Series") == [
        "| oica | USA production, annual, NSA |  |  |  | 9 | 2013 | 2021 | 0 |"
    ]
    assert section(page, "Absent rows and zeros") == [
        "| census | trade flow | written as 0 | had no trade | tested |",
        "| oica | series | none so far | not told: no trade, or not held | a \\| b |",
    ]


def test_holes_of_one_partner_are_named_and_many_are_counted():
    stretches = [f"{year}-01" for year in range(2014, 2020)]
    with duckdb.connect() as con:
        (row,) = section(
            coverage_page(filled(con, {"hole_count": 6, "holes": stretches})), "Trade and freight flows"
        )
    assert "| 6: 2014-01, 2015-01, 2016-01, 2017-01 and 2 more | all |" in row
