"""dbt is told its home for one call only, so that two homes can build in one process."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.build import data_tests, dbt_project


def test_dbt_is_told_its_home_for_one_call_only(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HEADWAY_HOME", str(tmp_path / "named by the environment"))
    own = Settings(PROJECT, tmp_path / "own")
    assert dbt_project.ensure_manifest(own).is_relative_to(own.home) and own.dbt_manifest.exists()
    assert os.environ["HEADWAY_HOME"] == str(tmp_path / "named by the environment")
    assert not (tmp_path / "named by the environment").exists()


def test_what_one_home_parsed_serves_the_next(tmp_path: Path, monkeypatch) -> None:
    """Each new home would read the project again, which takes longer than loading all figures."""
    first, second = (Settings(PROJECT, tmp_path / name) for name in ("first", "second"))
    dbt_project.ensure_manifest(first)
    monkeypatch.setattr(dbt_project, "invoke", None)
    dbt_project.ensure_manifest(second)
    assert second.dbt_manifest.read_bytes() == first.dbt_manifest.read_bytes()
    tests = {n for n in dbt_project.parsed(second).nodes if n.startswith("test.")}
    assert {test.unique_id for test in data_tests.read(second)} == tests


def test_no_data_test_depends_on_the_day(tmp_path: Path) -> None:
    """The SQL of tests is kept as it was compiled: a date of that day in it would go stale."""
    home = Settings(PROJECT, tmp_path / "home")
    dbt_project.ensure_manifest(home)
    manifest = dbt_project.parsed(home)
    of_the_day = {name for name, macro in manifest.macros.items() if "run_started_at" in macro.macro_sql}
    tests = [node for node in manifest.nodes.values() if node.resource_type == "test"]
    dated = {n.name for n in tests if of_the_day & set(n.depends_on.macros) or "run_started_at" in n.raw_code}
    assert not dated
