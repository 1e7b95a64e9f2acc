"""Reports of the released warehouse: numbers are the marts', nothing is loaded, nothing of an event becomes markup."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import ReleaseError, UsageError
from orchestration.base.settings import PROJECT, Settings
from orchestration.readers.comparison.compare import compare
from orchestration.readers.release_file import open_release, records
from orchestration.readers.reports import site
from orchestration.readers.reports.choice import _BY_TOPIC, _GENERAL
from orchestration.readers.wording import VERDICTS
from tests.support.page_case import LOADING, Element, changed_release, parsed

#: a talk, a tariff with a data gap behind it, an entry into force inside an episode
EVENTS = ("nafta-round6-end", "s232-autos-effective-2025-04", "usmca-entry-into-force")


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(home) as connection:
        yield connection


@pytest.fixture(scope="module")
def pages(home: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Element]:
    folder = tmp_path_factory.mktemp("reports")
    return {event: page(home, event, folder) for event in EVENTS}


def page(home: Settings, event: str, folder: Path, **options: object) -> Element:
    written = site.report_event(home, event, out=folder, **options)
    return parsed(written.files[0].path.read_text(encoding="utf-8"))


def number(text: str) -> float | None:
    """The number of a cell such as "+9.66 %", "26,250" or "0.46 of 118 dates"; None where it says "no value"."""
    found = re.match(r"[+-]?[\d,]+(\.\d+)?", text)
    # large figures are written in millions
    return float(found[0].replace(",", "")) * (1e6 if " million" in text else 1) if found else None


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", EVENTS)
def test_the_numbers_of_a_page_are_those_of_the_marts(pages, con, event):
    rows = [row for row in pages[event].find("tr") if "data-series" in row.attributes]
    assert rows
    for row in rows:
        series = row.attributes["data-series"]
        for basis, place in (("latest", 2), ("first_release", 3)):
            mart = records(
                con,
                "from rpt_before_after where event_id = ? and series_id = ? and window_months = 12 and gap_months = 0 "
                "and as_of_basis = ?",
                [event, series, basis],
            )[0]
            cells = [number(cell.text) for cell in row.find("td")]
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
    assert "Federal data gap of 2025" in caution(pages["s232-autos-effective-2025-04"])


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
    assert "Nothing is compared around this event: no source verifies it" in caution(document)
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
    for pattern in {*_GENERAL, *(p for group in _BY_TOPIC.values() for p in group)}:
        assert {pattern.format(partner=p) for p in ("mex", "can", "chn")} & known, pattern


# -- what a page is --------------------------------------------------------------------------------------------------


def test_a_page_loads_nothing_and_runs_nothing(pages):
    for document in pages.values():
        for element in document.find():
            assert element.name not in ("script", "iframe", "object", "embed", "img", "form", "base"), (
                element.name
            )
            for name, value in element.attributes.items():
                assert name not in LOADING, (element.name, name, value)
                assert not name.startswith("on"), (element.name, name)
                if name in ("href", "xlink:href") and element.name != "a":
                    assert value.startswith(("#", "data:,")), (element.name, value)
                assert not re.search(r"url\((?!#)", value), value
        for style in document.find("style"):
            assert "@import" not in style.text and not re.search(r"url\(", style.text)
        policy = [
            m for m in document.find("meta") if m.attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy[0].attributes["content"].startswith("default-src 'none'")


def test_a_page_can_be_read_aloud(pages):
    for document in pages.values():
        assert document.find("html")[0].attributes["lang"] == "en"
        levels = [int(e.name[1]) for e in document.find("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(b <= a + 1 for a, b in pairwise(levels)), levels
        ids = [e.attributes["id"] for e in document.find() if "id" in e.attributes]
        assert len(ids) == len(set(ids)), (
            "ids of the charts must not meet: a clip path would cut another chart"
        )
        for table in document.find("table"):
            assert table.find("caption"), table.text[:80]
            assert all(th.attributes.get("scope") in ("col", "row") for th in table.find("th"))
        assert document.find("svg")
        for svg in document.find("svg"):
            assert svg.attributes["role"] == "img" and svg.children[0].name == "title"
            assert set(svg.attributes["aria-labelledby"].split()) <= set(ids)
            assert len(svg.find("desc")[0].text) > 60
        for link in document.find("a"):
            if (target := link.attributes["href"]).startswith("#"):
                assert target[1:] in ids, target


def test_what_an_event_says_is_text_and_never_markup(home, tmp_path):
    """Titles are typed by people and taken from the web."""
    evil = "<script>alert(1)</script>"
    settings = changed_release(
        home,
        tmp_path / "home",
        f"""
        update dim_event set title = '{evil}&amp;', description = '<img src=x onerror=alert(2)>',
            location = '"><svg onload=alert(3)>', source_reference = 'javascript:alert(4) https://a.b/"onclick="x <b>'
        where event_id = 'nafta-round6-end';
        update dim_series set title = title || ' <b>bold</b>' where series_id = 'usa_imports_goods_mex';
        update fct_position set position = '<i>{evil}', unit = '<u>' where event_id = 'nafta-round6-end';
        update dim_event set title = '<style>' where event_id = 'nafta-round7-end'""",
    )
    clean = page(home, "nafta-round6-end", tmp_path)
    written = site.report_event(settings, "nafta-round6-end", out=tmp_path / "evil.html").files[0].path
    document = parsed(written.read_text(encoding="utf-8"))
    assert f"{evil}&amp;" in document.text and "<img src=x onerror=alert(2)>" in document.text
    # every element is one that the page without these texts has too
    assert {e.name for e in document.find()} <= {e.name for e in clean.find()}
    assert {n for e in document.find() for n in e.attributes} <= {
        n for e in clean.find() for n in e.attributes
    }
    assert not any(e.attributes.get("href", "").startswith("javascript") for e in document.find("a"))
    assert "<b>bold</b>" in document.find("svg")[-1].text + "".join(s.text for s in document.find("svg"))


def test_the_same_release_gives_the_same_bytes(home, tmp_path):
    """In processes that order sets differently."""
    made = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.html"
        run("report", "usmca-entry-into-force", "--out", str(path), home=home, PYTHONHASHSEED=seed)
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_no_path_of_this_machine_is_on_a_page(pages, home):
    for document in pages.values():
        said = document.text
        assert str(home.home) not in said and str(PROJECT) not in said and str(Path.home()) not in said


def run(*arguments: str, home: Settings, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        env={**os.environ, "HEADWAY_HOME": str(home.home), **environment},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# -- files -----------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_wrote(home, tmp_path):
    path = tmp_path / "page.html"
    done = run(
        "report", "NAFTA_round6_end", "--series", "fx_usd_mxn", "--out", str(path), "--json", home=home
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["release"] == home.current.resolve().name
    assert said["files"] == [
        {
            "path": str(path),
            "bytes": path.stat().st_size,
            "event_id": "nafta-round6-end",
            "series": ["fx_usd_mxn"],
            "charts": len(parsed(path.read_text(encoding="utf-8")).find("svg")),
        }
    ]


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["nafta-round66-end"], "did you mean nafta-round6-end"),
        (["2018-01-29"], "is a date"),
        (["nafta-round6-end", "--series", "usa_imports_goods_mexx"], "did you mean usa_imports_goods_mex"),
        (["nafta-round6-end", "--series", "mex_production_vehicles_annual"], "not monthly"),
        (["nafta-round6-end", "--out", "x.pdf"], "does not end in .html"),
        (["nafta-round6-end", "--out", "no/such/folder/x.html"], "there is no folder"),
        (["nafta-round6-end", "--all", "--out", "x"], "--all takes a folder and nothing else"),
        (["--all"], "--all takes a folder"),
        ([], "name an event"),
    ],
)
def test_a_mistake_is_said_in_one_line_and_writes_nothing(home, tmp_path, monkeypatch, arguments, said):
    before = sorted(tmp_path.iterdir())
    arguments = [str(tmp_path / a) if "/" in a or a.endswith((".pdf", ".html")) else a for a in arguments]
    done = run("report", *arguments, home=home)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_without_a_release_a_report_says_what_to_do(tmp_path):
    with pytest.raises(ReleaseError, match="headway build"):
        site.report_event(Settings(project=PROJECT, home=tmp_path), "nafta-round6-end", out=tmp_path)


def test_a_file_of_somebody_else_is_never_replaced(home, tmp_path):
    path = tmp_path / "mine.html"
    path.write_text("<p>my notes", encoding="utf-8")
    with pytest.raises(UsageError, match="not written by"):
        site.report_event(home, "nafta-round6-end", out=path)
    assert path.read_text(encoding="utf-8") == "<p>my notes"
    own = tmp_path / "own.html"
    for _ in range(2):
        site.report_event(home, "nafta-round6-end", out=own)
    with pytest.raises(UsageError, match="inside a release"):
        site.report_event(home, "nafta-round6-end", out=home.current / "x.html")


def test_a_full_disk_leaves_the_page_that_was_there(home, tmp_path, monkeypatch):
    path = tmp_path / "x.html"
    site.report_event(home, "nafta-round6-end", out=path)
    before = path.read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="cannot be written: No space left"):
        site.report_event(home, "nafta-round5-end", out=path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_site_has_a_page_for_each_event_and_touches_nothing_else(home, tmp_path, monkeypatch):
    """With several processes, as for all 226 events; a second run replaces its own pages and removes those of gone events."""
    kept = (*EVENTS, "usmca-annual-review-2027")
    settings = changed_release(
        home, tmp_path / "home", f"delete from dim_event where event_id not in {kept!r}"
    )
    monkeypatch.setattr(site, "_MANY", 2)
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "other.html").write_text("<p>mine")
    site.report_event(home, "nafta-round5-end", out=folder / "single.html")
    written = site.report_all(settings, folder)
    names = {f"{event}.html" for event in kept} | {"index.html"}
    assert {f.path.name for f in written.files} == names
    assert {p.name for p in folder.iterdir()} == names | {"notes.txt", "other.html", "single.html"}

    index = parsed((folder / "index.html").read_text(encoding="utf-8"))
    links = {a.attributes["href"] for a in index.find("a") if a.attributes["href"].endswith(".html")}
    assert links == names - {"index.html"}
    manifest = json.loads((settings.current / "release.json").read_text(encoding="utf-8"))
    assert manifest["run_id"] in index.text and manifest["files"]["headway.duckdb"]["sha256"] in index.text
    assert "4 events on 4 timelines; 3 of them are compared" in index.text

    with duckdb.connect(str(settings.current_database)) as con:
        con.execute("delete from dim_event where event_id = 'usmca-entry-into-force'")
    again = site.report_all(settings, folder)
    assert [p.name for p in again.removed] == ["usmca-entry-into-force.html"]
    assert {"other.html", "single.html", "notes.txt"} <= {p.name for p in folder.iterdir()}


def test_a_foreign_file_with_the_name_of_a_page_stops_a_site_before_it_begins(home, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "nafta-round6-end.html").write_text("<p>mine")
    with pytest.raises(UsageError, match="not written by"):
        site.report_all(home, folder)
    assert [p.name for p in folder.iterdir()] == ["nafta-round6-end.html"]
