"""dbt in the process of the tests, for one home.

Belongs here: one invocation of dbt on the project, with artefacts in the home.
Does not belong here: building the warehouse (orchestration/build/dbt_runner.py does), assertions.
"""

from __future__ import annotations

import os
from typing import Any
from unittest.mock import patch

from orchestration.base.settings import Settings


def dbt(settings: Settings, *arguments: str) -> Any:
    """The result of one invocation; the connections that dbt leaves open would keep the file locked, so they are closed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    project = str(settings.dbt_project)
    target, logs = settings.home / "dbt" / "target", settings.home / "dbt" / "logs"
    places = (
        "--project-dir",
        project,
        "--profiles-dir",
        project,
        "--target-path",
        str(target),
        "--log-path",
        str(logs),
    )
    try:
        with patch.dict(os.environ, {"HEADWAY_HOME": str(settings.home), "DO_NOT_TRACK": "1"}):
            return dbtRunner().invoke([*arguments, *places, "--log-level", "none"])
    finally:
        DuckDBConnectionManager.close_all_connections()
