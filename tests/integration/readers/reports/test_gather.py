"""Numbers and sentences of a report are those of the marts and of `headway compare`."""

from __future__ import annotations

import math
import re

import pytest

from orchestration.readers.comparison.compare import compare
from orchestration.readers.release_file import records
from orchestration.readers.reports.choice import _AS_A_WHOLE, _DUTIES, _PREFERRED
from orchestration.readers.wording import VERDICTS
from tests.support.page_case import Element
from tests.support.report_case import EVENTS, page


def number(text: str) -> float | None:
    """The number of a cell such as "+9.66 %", "26,250" or "0.46 of 118 dates"; None where it says "no value"."""
    found = re.match(r"[+-]?[\d,]+(\.\d+)?", text)
    # large figures are written in millions
    return float(found[0].replace(",", "")) * (1e6 if " million" in text else 1) if found else None


@pytest.mark.parametrize("event", EVENTS)
def test_the_numbers_of_a_page_are_those_of_the_marts(pages, con, event):
    rows = [row for row in pages[event].find("tr") if "data-series" in row.attributes]
    assert rows
    for row in rows:
        series = row.attributes["data-series"]
        for basis, place in (("latest", 2), ("first_release", 3)):
            mart = records(
                con,
                "from rpt_before_after where event_id = ? and series_id = ? and window_months = 12 and is_default_gap "
                "and as_of_basis = ?",
                [event, series, basis],
            )
            if basis == "first_release" and not mart:
                # not one month of the windows has its first release here
                assert number([cell.text for cell in row.find("td")][place]) is None, series
                continue
            [mart] = mart
            cells = [number(cell.text) for cell in row.find("td")]
            if mart["pct_change"] is None:
                assert cells[place] is None, (series, basis)
                continue
            assert cells[place] == pytest.approx(mart["pct_change"], abs=0.00501), (series, basis)
            if basis == "latest":
                # four significant digits
                assert cells[0] == pytest.approx(mart["pre_mean"], rel=6e-4, abs=6e-4), series
                assert cells[1] == pytest.approx(mart["post_mean"], rel=6e-4, abs=6e-4), series
                texts = [cell.text for cell in row.find("td")]
                rank = mart["placebo_rank"]
                assert cells[5] == (None if rank is None else pytest.approx(rank, abs=0.00501)), series
                if rank is not None:
                    assert f"of {mart['n_placebo']} dates" in texts[5]
                    q = re.search(r"q ([\d.]+) of ([\d,]+)", texts[5])
                    assert float(q[1]) == pytest.approx(mart["q_bh"], abs=0.00501)
                    assert int(q[2].replace(",", "")) == mart["family_size"]
                    # the usual range, printed as a change
                    assert cells[4] == pytest.approx(100 * math.expm1(mart["mde95"]), abs=0.00501)
                assert texts[6].startswith(VERDICTS[mart["verdict"]].short)
                if mart["reason"]:
                    assert mart["reason"] in texts[6], series


@pytest.mark.parametrize("event", EVENTS)
def test_a_page_says_what_compare_says_in_the_same_words(pages, con, event):
    said = pages[event].text
    for row in pages[event].find("tr"):
        if series := row.attributes.get("data-series"):
            assert " ".join(compare(con, event, series).text.split()) in said


def test_what_stands_between_a_reader_and_a_wrong_conclusion_comes_before_any_number(pages):
    """Overlap, episodes and that nothing is caused: above the first table of numbers, on every page."""
    for event, document in pages.items():
        said = document.text
        first = min(said.index(row.text) for row in document.find("tr") if "data-series" in row.attributes)
        cautions = next(e for e in document.find("section") if e.attributes.get("class") == "caution")
        assert said.index(cautions.text) < first
        assert "does not say what made them differ" in cautions.text
        assert "too close in time to be told apart" in cautions.text, event
    assert "COVID-19" in caution(pages["usmca-entry-into-force"])
    # every month of the series shown there was published later, so that the gap disturbs none of them
    assert "Federal data gap of 2025" not in caution(pages["s232-autos-effective-2025-04"])


def caution(document: Element) -> str:
    return next(e for e in document.find("section") if e.attributes.get("class") == "caution").text


def test_nothing_is_called_caused(pages):
    for document in pages.values():
        assert not re.search(
            r"\b(caused|because of the|impact of|effect of the event|significant)\b", document.text
        )


def test_the_demand_of_85_percent_is_followed_to_the_75_that_were_agreed(pages):
    row = next(
        r
        for r in pages["nafta-round6-end"].find("tr")
        if "A car must hold this much from North America" in r.text
    )
    assert [item.text for item in row.find("li")][-4:] == [
        "2017-10-13: proposed 85",
        "2018-01-29: maintained 85 (here)",
        "2018-05-10: softened 75",
        "2018-08-27: agreed 75",
    ]


def test_an_event_that_no_source_verifies_gets_no_numbers(home, con, tmp_path):
    """The marts leave such events out; a page that compared them all the same would lend them weight."""
    event = con.execute("select event_id from dim_event where confidence = 'low' order by 1").fetchall()[0][0]
    document = page(home, event, tmp_path)
    assert "Nothing is compared around this event: confidence is low" in caution(document)
    assert not document.find("svg") and not [r for r in document.find("tr") if "data-series" in r.attributes]


def test_a_window_that_is_not_whole_yet_is_said_to_be_so(home, con, tmp_path):
    """The newest event whose windows no series fills, though some have months after it."""
    event = con.execute(
        """select event_id from dim_event where in_force and confidence <> 'low' and date_precision = 'day'
            and event_id not in (select event_id from rpt_before_after)
            and event_date < (select max(last_period) from dim_series where series_id = 'usa_imports_goods_mex')
        order by event_date, event_id"""
    ).fetchall()[0][0]
    document = page(home, event, tmp_path)
    assert "The window after is not whole yet" in caution(document)
    for row in document.find("tr"):
        if series := row.attributes.get("data-series"):
            known = compare(con, event, series).result["n_post"]
            assert f"{known} of 12 months after" in row.text


def test_series_asked_for_are_shown_in_their_order_and_agency_codes_work(home, tmp_path):
    document = page(home, "nafta-round6-end", tmp_path, series=["ces3133600101", "fx_usd_mxn"])
    shown = [r.attributes["data-series"] for r in document.find("tr") if "data-series" in r.attributes]
    assert shown == ["usa_employment_motor_vehicles_parts", "fx_usd_mxn"]


def test_the_declared_series_exist(con):
    """A misspelled id would never be shown and never be missed."""
    known = {
        row[0]
        for row in con.execute("select series_id from dim_series where frequency = 'monthly'").fetchall()
    }
    for pattern in {*_AS_A_WHOLE, *_DUTIES, *(name for names in _PREFERRED.values() for name in names)}:
        assert {pattern.format(partner=p) for p in ("mex", "can", "chn")} & known, pattern


@pytest.mark.parametrize("event", EVENTS)
def test_a_page_shows_series_that_the_event_reaches_and_the_trade_as_a_whole(pages, con, event):
    """A page with a list of its own would show what the released exposure says that the event does not touch."""
    shown = {
        row.attributes["data-series"] for row in pages[event].find("tr") if "data-series" in row.attributes
    }
    reached = {
        series_id
        for (series_id,) in con.execute(
            "select series_id from rpt_event_exposure where event_id = ?", [event]
        ).fetchall()
    }
    whole = {pattern.format(partner=p) for pattern in _AS_A_WHOLE for p in ("mex", "can", "chn")}
    assert shown and shown <= reached | whole
