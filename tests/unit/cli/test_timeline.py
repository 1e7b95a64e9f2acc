"""`headway timeline`: what a person types, sees and gets back as JSON. No build: these are about the files.

Belongs here: orchestration/cli/timeline.py. Does not belong here: the rules (intake/timeline), a whole path (tests/integration).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from tests.support.command_case import command


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(project=PROJECT, home=tmp_path / "home")


@pytest.mark.slow
def test_from_template_to_list_to_removal(home, tmp_path):
    """The path that docs/own-timelines.md shows."""
    file = tmp_path / "mine.xlsx"
    assert command(home, "timeline", "template", "--out", str(file)).returncode == 0
    assert command(home, "timeline", "template", "--out", str(file)).returncode == 2, (
        "a file is not overwritten"
    )
    tried = command(home, "timeline", "import", str(file), "--dry-run")
    assert "events: user-plant-closes-2024-09" in tried.stdout and "nothing yet" in tried.stdout
    assert "no rows of your own yet" in command(home, "timeline", "list").stdout
    done = json.loads(command(home, "timeline", "import", str(file), "--no-build", "--json").stdout)
    assert len(done["added"]) == 4 and done["release"] is None and done["removed"] == []
    listed = json.loads(command(home, "timeline", "list", "--json").stdout)
    assert {(row["kind"], row["id"]) for row in listed} >= {
        ("events", "user-plant-closes-2024-09"),
        ("measures", "user-remission-cars-2024"),
    }
    refused = command(home, "timeline", "remove", "user-plant-closes-2024-09", "--no-build")
    assert refused.returncode == 2 and "measures.csv line 2" in refused.stderr
    gone = command(home, "timeline", "remove", "user-remission-cars-2024", "--no-build", "--json")
    assert json.loads(gone.stdout)["removed"] == ["measures: user-remission-cars-2024"]


def test_problems_stand_on_standard_error_with_their_lines(home, tmp_path):
    """A script must not take an error for a result, and a person must find the line."""
    file = tmp_path / "plants.csv"
    text = command(home, "timeline", "template", "--kind", "events").stdout
    file.write_text(text.replace(",high,", ",sure,"), encoding="utf-8")
    done = command(home, "timeline", "import", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert "plants.csv line 2: confidence 'sure' is not known; allowed: high, medium, low" in done.stderr
    assert "plants.csv line 2: source_key 'USER_COMPANY_NEWS' is not known" in done.stderr


def test_a_mapping_without_a_name_is_refused(home, tmp_path):
    """`--map Day` would be read as nothing."""
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    done = command(home, "timeline", "import", str(file), "--map", "event_date")
    assert done.returncode == 2 and "write it as OURS=THEIRS" in done.stderr


def test_allowed_values_are_listed(home):
    """Who writes an event must not have to read the code for the kinds there are."""
    rows = json.loads(command(home, "timeline", "template", "--allowed", "--json").stdout)
    assert {"kind": "events", "column": "confidence", "allowed": "high; medium; low"} in rows
