"""dbt is told its home for one call only, so that two homes can build in one process."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.build import dbt_runner


def test_dbt_is_told_its_home_for_one_call_only(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HEADWAY_HOME", str(tmp_path / "named by the environment"))
    own = Settings(PROJECT, tmp_path / "own")
    assert dbt_runner.ensure_manifest(own).is_relative_to(own.home) and dbt_runner.manifest_path(own).exists()
    assert os.environ["HEADWAY_HOME"] == str(tmp_path / "named by the environment")
    assert not (tmp_path / "named by the environment").exists()
