"""The generated pages of docs/ and what README says, against a whole warehouse.

Belongs here: drift between what is written and what is built. Does not belong here: how pages are made.
"""

from __future__ import annotations

import re

import pytest

from orchestration.base.settings import PROJECT
from orchestration.documentation.pages import write_docs
from orchestration.documentation.vintage_table import vintage_table, with_table
from tests.support.read_only import reading


def test_generated_pages_are_those_of_this_build(home, tmp_path):
    """A table, column or series that is not where a user looks does not exist for that user. (`make docs` mends it.)"""
    for fresh in write_docs(home, tmp_path):
        committed = PROJECT / "docs" / fresh.relative_to(tmp_path)
        assert committed.exists(), f"{committed.relative_to(PROJECT)} is missing: run `make docs`"
        assert committed.read_text() == fresh.read_text(), f"{committed.name} is out of date: run `make docs`"


def test_the_readme_says_of_vintages_what_this_build_holds(home):
    """A typed table would go on promising first releases that are not held. (`make docs` mends it.)"""
    with reading(home.current_database) as con:
        table = vintage_table(con)
    readme = (PROJECT / "README.md").read_text()
    assert with_table(readme, table) == readme, "run `make docs`"


def test_queries_in_readme_answer(home):
    """The first queries a newcomer pastes would fail."""
    text = (PROJECT / "README.md").read_text()
    [block] = re.findall(r"```sql\n(.*?)```", text, flags=re.S)
    queries = [q for q in re.sub(r"--[^\n]*", "", block).split(";") if q.strip()]
    assert len(queries) >= 4
    with reading(home.current_database) as con:
        for query in queries:
            assert con.execute(query).fetchall(), query


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/operations.md",
        "docs/methods.md",
        "docs/timelines.md",
        "docs/import.md",
        "docs/examples.md",
        "docs/queries.md",
        "docs/panel.md",
        "docs/coverage.md",
    ],
)
def test_links_lead_somewhere(page):
    """A dead link in the first page a user reads."""
    path = PROJECT / page
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_commands_named_in_the_pages_exist():
    """A renamed command would live on in the documentation."""
    from orchestration.cli import main

    for page in [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]:
        for name in re.findall(r"`(?:\.venv/bin/)?headway ([a-z]+)", page.read_text()):
            assert name in main.commands, f"{page.name}: headway {name}"
