"""A report as a page: it loads and runs nothing, can be read aloud, and nothing of an event becomes markup."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from orchestration.base.settings import PROJECT
from orchestration.readers.reports import site
from tests.support.page_case import LOADING, changed_release, parsed


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


def test_what_an_event_says_is_text_and_never_markup(home, pages, tmp_path):
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
    clean = pages["nafta-round6-end"]
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


def test_no_path_of_this_machine_is_on_a_page(pages, home):
    for document in pages.values():
        said = document.text
        assert str(home.home) not in said and str(PROJECT) not in said and str(Path.home()) not in said
