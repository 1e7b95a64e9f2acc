"""The two wings: imports between the rooms of orchestration/ point downward, and what reads a release imports no room that
writes one. Prevents a change to a chart from changing what a build makes, and circles between rooms.

The rules are the contracts of import-linter in pyproject.toml. Belongs here: that they hold, that the guide names the same
rooms, and the imports which import-linter does not see."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib

import pytest

from orchestration.base.settings import PROJECT

CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
]
MODELS = sorted((PROJECT / "dbt_project" / "models").rglob("*.py"))


@pytest.mark.slow
def test_imports_keep_the_contracts() -> None:
    """In a process of its own: import-linter sets logging up anew and so silences every logger that is there already."""
    command = "from importlinter import cli; raise SystemExit(cli.lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_guide_has_a_row_for_every_room_of_the_contracts() -> None:
    """Both name the rooms; a room in one of them alone would stand without an explanation or without a rule."""
    layers = next(c for c in CONTRACTS if c.get("containers") == ["orchestration"])["layers"]
    rooms = {room.strip() for layer in layers for room in layer.split("|")}
    guide = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = guide.partition("## The rooms of orchestration/")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {re.sub(r"/$|\.py$", "", room) for row in rows for room in re.findall(r"`([^`]+)`", row)} == rooms


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_a_python_model_of_dbt_imports_transforms_and_kept_statistics_alone(model) -> None:
    """dbt's models are in no package, so that import-linter does not read them."""
    nodes = list(ast.walk(ast.parse(model.read_text(encoding="utf-8"))))
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    ours = {name for name in modules if name.partition(".")[0] == "orchestration"}
    # panel_results keeps the runs of panels, which the detail works out as well; relation_frame reads a large table
    assert ours <= {
        "orchestration.build.statistics_cache",
        "orchestration.build.panel_results",
        "orchestration.build.relation_frame",
    }
