"""Where things live and what limits apply: one place for paths, environment variables and their defaults.

Belongs here: the paths of a warehouse, limits that several rooms share, reading `.env`.
Does not belong here: opening files or databases, anything that asks the network, the keys of agencies
(intake/agency/keys.py).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent

#: releases kept on disk; the rest are removed after a new one is visible
RELEASES_KEPT = 3
#: storage format of a released file: DuckDB 1.4 and later read it (the 2.0 default is refused by 1.x)
STORAGE_VERSION = "v1.4.0"


@dataclass(frozen=True)
class Settings:
    """All paths of one warehouse. `home` is `HEADWAY_HOME`, or `warehouse/` in the project."""

    project: Path
    home: Path

    @classmethod
    def load(cls, home: str | Path | None = None) -> Settings:
        """The settings of this process; `home` given by hand wins over `HEADWAY_HOME`."""
        chosen = home or os.environ.get("HEADWAY_HOME") or PROJECT / "warehouse"
        return cls(project=PROJECT, home=Path(chosen).expanduser().resolve())

    @property
    def figures(self) -> Path:
        """The bundled figures: committed with the code, so not moved by HEADWAY_HOME."""
        return self.project / "warehouse" / "figures"

    @property
    def dbt_project(self) -> Path:
        """The models, seeds and tests of dbt."""
        return self.project / "dbt_project"

    @property
    def archive(self) -> Path:
        """The folder of every payload as it was received."""
        return self.home / "archive"

    @property
    def store(self) -> Path:
        """The database file of the raw tables, where vintages are appended."""
        return self.home / "store" / "store.duckdb"

    @property
    def build(self) -> Path:
        """The folder of what a build makes before it is released."""
        return self.home / "build"

    @property
    def build_database(self) -> Path:
        """The file dbt writes. Constant, because a new path per run breaks dbt's partial parsing."""
        return self.build / "headway.duckdb"

    @property
    def dbt_target(self) -> Path:
        """dbt's artefacts, one folder a home: two homes never share a partial parse."""
        return self.home / "dbt" / "target"

    @property
    def dbt_manifest(self) -> Path:
        """What dbt knows of its project, as of the last build or parse of this home."""
        return self.dbt_target / "manifest.json"

    @property
    def releases(self) -> Path:
        """The folder with one folder for each release."""
        return self.home / "releases"

    @property
    def current(self) -> Path:
        """The link to the release that readers see."""
        return self.home / "current"

    @property
    def current_database(self) -> Path:
        """The database file that readers open."""
        return self.current / "headway.duckdb"

    @property
    def timelines(self) -> Path:
        """The folder of the user's own timelines: one CSV for each kind of row."""
        return self.home / "timelines"

    @property
    def writer_lock(self) -> Path:
        """The file that is locked by the one run that may write."""
        return self.home / ".writer.lock"

    @property
    def detail(self) -> Path:
        """The folder of the detail lake: month files by product, its catalogue (base/detail_catalogue.py)."""
        return self.home / "detail"

    @property
    def dagster_home(self) -> Path:
        """The folder of Dagster's instance: runs, logs, schedules."""
        return self.home / "dagster"


def load_env_file(project: Path = PROJECT) -> None:
    """Put the variables of `.env` in the project (keys, HEADWAY_HOME) into the environment; those set already stay."""
    if not (project / ".env").exists():
        return  # most clones have none, and to import what reads it takes a tenth of a short command

    from dotenv import load_dotenv

    load_dotenv(project / ".env", override=False)
