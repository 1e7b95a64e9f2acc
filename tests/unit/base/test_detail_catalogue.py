"""A reader of the detail lake sees each month once, as it was known on the day it asks for, and never half of anything."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.detail_catalogue import (
    CATALOGUE,
    INDEX,
    Catalogue,
    CompactYear,
    LakeFile,
    MonthVintage,
    encoded,
)
from orchestration.base.errors import DetailError
from tests.support.examples import examples


def entry(month: str, vintage: str, flow: str = "imports") -> MonthVintage:
    path = f"flow={flow}/month={month}/vintage={vintage}/part-0000.parquet"
    return MonthVintage(
        flow, month, vintage, (LakeFile(path, 1, 1, "0" * 64),), 1, 0, {}, "x.zip", "0" * 64, ""
    )


def test_of_vintages_of_one_day_the_tenth_comes_after_the_second(tmp_path):
    months = tuple(entry("2024-01", v) for v in ("2026-11-29.2", "2026-11-29.10", "2026-11-29"))
    lake = Catalogue(tmp_path, months)
    assert [e.vintage for e in lake.vintages("imports", "2024-01")] == [
        "2026-11-29",
        "2026-11-29.2",
        "2026-11-29.10",
    ]
    assert [e.vintage for e in lake.chosen("imports")] == ["2026-11-29.10"]


@examples(100)
@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.integers(0, 40), st.sampled_from(["imports", "exports"])),
        unique=True,
        max_size=30,
    ),
    st.integers(-1, 41) | st.none(),
    st.sets(st.integers(1, 12)) | st.none(),
)
def test_as_of_a_day_each_month_is_the_vintage_known_last_by_then(known, day, wanted):
    """Told independently: go through the vintages in the order of their days and let later ones take the place."""
    from pathlib import Path

    begin = date(2026, 1, 1)
    as_of = None if day is None else begin + timedelta(days=day)
    months = None if wanted is None else {date(2024, m, 1) for m in wanted}
    lake = Catalogue(
        Path("/nowhere"), tuple(entry(f"2024-{m:02}", f"{begin + timedelta(days=d)}", f) for m, d, f in known)
    )
    expected: dict[int, int] = {}
    for m, d, f in sorted(known, key=lambda k: k[1]):
        if f == "imports" and (day is None or d <= day) and (wanted is None or m in wanted):
            expected[m] = d
    chosen = lake.chosen("imports", as_of, months)
    assert {e.month_start.month: (e.known_on - begin).days for e in chosen} == expected
    assert [e.month for e in chosen] == sorted(e.month for e in chosen)
    assert len(lake.files("imports", as_of, months)) == len(expected)


def test_a_compacted_year_is_read_only_where_it_holds_exactly_what_was_asked_for(tmp_path):
    compact = CompactYear(
        "imports",
        2024,
        (("2024-01", "2026-01-01"), ("2024-02", "2026-01-01")),
        (LakeFile("flow=imports/year=2024/a.parquet", 2, 2, "0" * 64),),
    )
    months = (entry("2024-01", "2026-01-01"), entry("2024-02", "2026-01-01"))
    lake = Catalogue(tmp_path, months, (compact,))
    of_months = [lake.lake / e.files[0].path for e in months]
    assert lake.files("imports") == of_months, "the file of the year is not there"
    year = tmp_path / "compact" / compact.files[0].path
    year.parent.mkdir(parents=True)
    year.touch()
    assert lake.files("imports") == [year]
    assert lake.files("imports", months=[date(2024, 1, 1)]) == of_months[:1]
    assert lake.files("imports", compacted=False) == of_months
    revised = Catalogue(tmp_path, (*months, entry("2024-02", "2026-03-01")), (compact,))
    assert year not in revised.files("imports"), "the year holds what was known before the revision"
    assert revised.files("imports", date(2026, 2, 1)) == [year]


def test_no_lake_is_an_empty_one_and_a_damaged_catalogue_is_refused(tmp_path):
    assert Catalogue.load(tmp_path).files("imports") == []
    path = tmp_path / CATALOGUE
    whole = encoded([asdict(entry("2024-01", "2026-01-01"))])
    path.write_bytes(whole)
    assert Catalogue.load(tmp_path).months == (entry("2024-01", "2026-01-01"),)
    for damaged in (
        whole[:-30],
        whole.replace(b"2024-01", b"2024-02"),
        whole.replace(b'"format": 1', b'"format": 9'),
        b"[]",
    ):
        path.write_bytes(damaged)
        with pytest.raises(DetailError, match="catalogue"):
            Catalogue.load(tmp_path)


def test_a_damaged_index_of_compacted_years_costs_speed_only(tmp_path):
    (tmp_path / CATALOGUE).write_bytes(encoded([asdict(entry("2024-01", "2026-01-01"))]))
    (tmp_path / "compact").mkdir()
    (tmp_path / "compact" / INDEX).write_bytes(b"{")
    assert len(Catalogue.load(tmp_path).files("imports")) == 1
