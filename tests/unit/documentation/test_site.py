"""What becomes of docs/ before it is a site. Prevents: a page that no menu leads to, a link into the checkout that the site has
not, a picture or script that is loaded from somebody else's host."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.settings import PROJECT
from orchestration.documentation import site

DOCS = PROJECT / "docs"
PAGES = sorted(str(file.relative_to(DOCS).with_suffix("")) for file in DOCS.rglob("*.md"))


def test_the_menu_leads_to_every_page_once():
    chapters = [page for chapter in site.CHAPTERS for page in site.chapter_of(chapter, PAGES)]
    listed = [page for names in site.menu(PAGES).values() for page in names]
    assert sorted([*listed, *chapters, site.ROOT]) == PAGES
    assert "sources/census" in chapters and "decisions/0001-own-vintages" in chapters


@given(
    st.sets(
        st.sampled_from(["index", "methods", "sources", "sources/a", "sources/b", "new", "x/y", "tables"])
    )
)
def test_a_page_that_nobody_placed_is_still_in_the_menu(pages: set[str]):
    """Somebody adds a page and forgets the menu: it comes last rather than nowhere."""
    chapters = [page for chapter in site.CHAPTERS for page in site.chapter_of(chapter, pages)]
    listed = [page for names in site.menu(pages).values() for page in names]
    assert sorted([*listed, *chapters]) == sorted(pages - {"index"})


def test_the_first_page_names_the_headings_and_a_chapter_its_pages():
    first = site.menu_directives(site.ROOT, PAGES)
    assert [line.removeprefix(":caption: ") for line in first.splitlines() if "caption" in line] == list(
        site.menu(PAGES)
    )
    chapter = site.menu_directives("sources", PAGES)
    assert "/sources/census" in chapter and "caption" not in chapter
    assert "toctree" not in site.menu_directives("methods", PAGES)


def test_diagrams_become_pictures_as_wide_as_they_are_drawn():
    saved = {}

    def save(name: str, svg: str) -> str:
        saved[name] = svg
        return f"_diagrams/{name}"

    text = "# A\n\n```mermaid\nflowchart LR\n  a --> b\n```\n\n```sql\nselect 1\n```\n"
    page = site.with_pictures(
        text, "a/b", lambda diagram: f'<svg viewBox="0 0 552.4 20">{diagram}</svg>', save
    )
    assert list(saved) == ["a-b-1.svg"] and "a --> b" in saved["a-b-1.svg"]
    assert "mermaid" not in page and 'src="_diagrams/a-b-1.svg" width="552"' in page and "```sql" in page


def test_links_out_of_the_docs_keep_their_words(tmp_path: Path):
    docs = tmp_path / "docs"
    (docs / "decisions").mkdir(parents=True)
    (tmp_path / "README.md").touch()
    (docs / "a.md").touch()
    text = "[the table](../../README.md#vintages), [here](../a.md), [gone](../../gone.py), [README.md](../../README.md)"
    said, missing = site.without_outside_links(text, docs / "decisions" / "x.md", docs)
    assert said == "the table (`README.md`), [here](../a.md), gone (`gone.py`), README.md"
    assert missing == ["../../gone.py"]


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_docs_into_the_checkout_lead_to_a_file(page: str):
    file = DOCS / f"{page}.md"
    assert site.without_outside_links(file.read_text(encoding="utf-8"), file, DOCS)[1] == []


def test_what_a_site_would_load_from_elsewhere_is_found_and_links_are_not(tmp_path: Path):
    own = '<link rel="stylesheet" href="_static/a.css"><script src="a.js"></script><a href="https://www.bls.gov/">BLS</a>'
    (tmp_path / "own.html").write_text(
        f'{own}<link rel="canonical" href="https://x.example/"><style>a {{ color: red }}</style>'
    )
    (tmp_path / "own.css").write_text("a { background: url(data:image/png;base64,AA) url('b.png') }")
    assert site.loaded_from_elsewhere(tmp_path) == []
    loading = {
        "script.html": '<script src="https://cdn.example/a.js"></script>',
        "style.html": '<link rel="stylesheet" href="//cdn.example/a.css">',
        "hint.html": '<link rel="preconnect" href="https://fonts.example">',
        "image.html": '<img alt="" src="http://x.example/a.png">',
        "set.html": '<img alt="" src="a.png" srcset="a.png 1x, https://x.example/b.png 2x">',
        "inline.html": "<style>@import url('https://fonts.example/a.css');</style>",
        "attribute.html": '<p style="background: url(https://x.example/a.png)">',
        "sheet.css": '@import "https://fonts.example/a.css";',
    }
    for name, text in loading.items():
        (tmp_path / name).write_text(text)
    assert {line.split(":")[0] for line in site.loaded_from_elsewhere(tmp_path)} == set(loading)
