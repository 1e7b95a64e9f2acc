"""The two wings: imports between the rooms of orchestration/ point downward, and what reads a release imports no room that
writes one. Prevents a change to a chart from changing what a build makes, and circles between rooms."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT

#: what each room may import besides itself and transforms/
MAY_IMPORT = {
    "base": set(),
    "sources": {"base"},
    "store": {"base", "sources"},
    "release": {"base"},
    "intake": {"base", "sources", "store", "release"},
    "build": {"base", "sources", "store", "release", "intake"},
    "defs": {"base", "sources", "store", "release", "intake", "build"},
    "definitions": {"base", "sources", "build", "defs"},
    "operations": {"base", "sources", "store", "release", "intake", "build", "defs", "definitions"},
    "readers": {"base"},
    "documentation": {"base", "sources", "readers"},
    "cli": {"base", "release", "intake", "operations", "readers"},
}
ROOMS = PROJECT / "orchestration"


def rooms_imported_by(path: Path) -> set[str]:
    """The rooms of orchestration/ that a file imports from, at its top or inside a function."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("orchestration.")}
    return rooms


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    files = sorted((ROOMS / room).rglob("*.py")) or [ROOMS / f"{room}.py"]
    upward = {
        str(file.relative_to(PROJECT)): sorted(rooms_imported_by(file) - MAY_IMPORT[room] - {room})
        for file in files
    }
    assert not {file: rooms for file, rooms in upward.items() if rooms}


def test_every_module_stands_in_a_room() -> None:
    found = {path.stem for path in ROOMS.iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert found == set(MAY_IMPORT)


def test_transforms_import_nothing_that_asks_or_writes() -> None:
    forbidden = {"orchestration", "dagster", "duckdb", "dbt", "requests"}
    for path in (PROJECT / "transforms").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert not {name.split(".")[0] for name in names} & forbidden, path
