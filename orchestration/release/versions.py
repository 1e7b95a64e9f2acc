"""Which versions of the code and of the engines a release was made with: written into release.json.

Belongs here: names and versions. Does not belong here: whether something changed (build/fingerprint.py).
"""

from __future__ import annotations

import subprocess
import tomllib
from contextlib import suppress
from importlib.metadata import version

from orchestration.base.settings import Settings


def versions(settings: Settings) -> dict[str, str]:
    """Name -> version of this project (`headway`, from pyproject.toml) and of the engines that make a release."""
    project = tomllib.loads((settings.project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "headway": project["version"],
        **{name: version(name) for name in ("duckdb", "dbt-core", "dbt-duckdb", "polars")},
    }


def code_version(settings: Settings) -> str:
    """The commit, with `-dirty` if files were changed since; `unknown` outside a git checkout."""
    if not (settings.project / ".git").exists():  # a folder above may be a checkout of something else
        return "unknown"
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=settings.project,
            check=True,
            capture_output=True,
            text=True,
            timeout=10,
        ).stdout.strip()
    return "unknown"
