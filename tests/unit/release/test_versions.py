"""Versions that a release states: of the engines as installed, and of the code as committed."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.release.versions import code_version, versions


def test_engines_are_named_with_the_versions_that_run(tmp_path: Path) -> None:
    stated = versions(Settings(PROJECT, tmp_path))
    assert stated["duckdb"] == version("duckdb") and {"headway", "dbt-core", "polars"} <= set(stated)


def test_the_commit_is_stated_and_whether_files_were_changed_since(tmp_path: Path) -> None:
    settings = Settings(tmp_path, tmp_path / "home")
    assert code_version(settings) == "unknown"

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=n@example.org")
        return subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD")
    assert code_version(settings) == commit
    (tmp_path / "file").write_text("2")
    assert code_version(settings) == f"{commit}-dirty"
