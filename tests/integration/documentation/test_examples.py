"""The pages with examples: every query answers, every quoted answer and picture is that of this build.

Belongs here: drift between these pages and what is built. Does not belong here: how comparisons are made or drawn.
"""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.documentation.examples import EXAMPLES, Example, with_answer, write_examples
from orchestration.readers.release_file import open_release
from tests.support.read_only import reading

PAGES = {
    name: (PROJECT / "docs" / name).read_text(encoding="utf-8") for name in ("queries.md", "examples.md")
}


def sql_blocks(page: str) -> list[str]:
    return re.findall(r"```sql\n(.*?)```", PAGES[page], flags=re.S)


@pytest.mark.parametrize("query", [*sql_blocks("queries.md"), *sql_blocks("examples.md")])
def test_every_query_answers(home: Settings, query: str):
    """A query that a newcomer pastes fails, or answers with nothing, or with a column of nothing."""
    with open_release(home) as con:  # locked as a reader's connection is
        cursor = con.execute(query)
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    assert rows
    empty = [name for i, name in enumerate(names) if all(row[i] is None for row in rows)]
    # withheld for good reason in the one row of its query
    assert not set(empty) - {"reason", "ended_on"}, empty


def test_there_are_queries_enough():
    assert len(sql_blocks("queries.md")) >= 15


@pytest.mark.parametrize("client", ["1.4", "1.5"])
def test_queries_answer_in_older_clients(home: Settings, duckdb_clients, client: str):
    """Readers have other versions than the one that built the file."""
    answers = duckdb_clients[client](home.current_database, *sql_blocks("queries.md"))
    assert all(answers)


def test_answers_and_pictures_are_those_of_this_build(home: Settings, tmp_path: Path):
    """A page that quotes numbers of an older build. (`make pictures` mends it.)"""
    shutil.copy(PROJECT / "docs" / "examples.md", tmp_path / "examples.md")
    for fresh in write_examples(home, tmp_path):
        committed = PROJECT / "docs" / fresh.relative_to(tmp_path)
        assert committed.exists(), f"{committed.name} is missing: run `make pictures`"
        if fresh.suffix == ".svg":
            # the words: lines may differ in the last digit on another processor
            assert words(committed) == words(fresh), f"{committed.name} is out of date: run `make pictures`"
        else:
            assert committed.read_text() == fresh.read_text(), (
                f"{committed.name} is out of date: run `make pictures`"
            )


def words(svg: Path) -> list[str]:
    root = ET.fromstring(svg.read_text(encoding="utf-8"))
    texts = [element.text or "" for element in root.iter() if element.tag.endswith(("text", "tspan", "desc"))]
    return [root.get("aria-label", ""), *texts]


def test_every_picture_is_on_the_page_and_every_picture_of_the_page_is_made():
    page = PAGES["examples.md"]
    shown = set(re.findall(r"\]\(pictures/([^)]+)\)", page))
    drawn = {path.name for path in (PROJECT / "docs" / "pictures").iterdir()}
    assert shown <= drawn
    assert {f"{example.name}.svg" for example in EXAMPLES} <= shown


def test_worked_figures_of_the_page(home: Settings):
    """The table of vintages, and the sizes named in the prose, against the macro."""
    vintages = re.findall(r"^\| (\d+ \w+ 2026) \| (-?\d+\.\d\d) % \|$", PAGES["examples.md"], flags=re.M)
    assert len(vintages) == 3
    with reading(home.current_database) as con:
        for day, change in vintages:
            [[pct]] = con.execute(
                """select pct_change from before_after('usa_employment_motor_vehicles_parts', '2025-04-03',
                   post_months := 8, on_date := strptime(?, '%d %B %Y')::date)""",
                [day],
            ).fetchall()
            assert f"{pct:.2f}" == change, day
        row = con.execute(
            "select pct_change, second_diff, welch_t, identified from before_after('usa_imports_goods_mex', 'nafta-round6-end')"
        ).fetchall()[0]
    assert f"Imports were {row[0]:.2f} % higher" in PAGES["examples.md"]
    assert f"{100 * row[1]:.1f} log points" in " ".join(PAGES["examples.md"].split())
    assert f"t = {row[2]:.2f}" in PAGES["examples.md"] and row[3] is False


def test_an_answer_goes_between_its_own_marks():
    """An empty place would swallow the text up to the next one."""
    page = "<!-- answer a -->\n<!-- end -->\nprose\n<!-- answer b -->\nold\n<!-- end -->\n"
    example = Example("a", "event", "series", {"as_of": "2026-01-09"})

    class Found:
        brief = "short"
        text = "new"

    renewed = with_answer(page, example, Found)
    assert "prose" in renewed and "old" in renewed
    assert "headway compare event series --as-of 2026-01-09" in renewed
    assert "> short\n\nWith `--full`:\n\n> new\n<!-- end -->" in renewed
    assert with_answer(renewed, example, Found) == renewed
    with pytest.raises(ValueError, match="answer c"):
        with_answer(page, Example("c", "event", "series"), Found)
