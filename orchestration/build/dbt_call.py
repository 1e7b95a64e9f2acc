"""One call of dbt in this process: where its artefacts live, the environment it reads, closing its connections.

Belongs here: dbt-core's runner and nothing that is special to one command.
Does not belong here: what is parsed and kept (dbt_project.py), what a build runs (dbt_runner.py), data tests (data_tests.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.settings import Settings

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg


def import_dbt() -> None:
    """Import what `invoke` calls, at a moment in which a processor has nothing else to do: it takes a second."""
    import dbt.adapters.duckdb
    import dbt.cli.main  # noqa: F401


def invoke(
    settings: Settings,
    arguments: Sequence[str],
    *,
    manifest: Manifest | None = None,
    callbacks: Sequence[Callable[[EventMsg], None]] = (),
    target: Path | None = None,
    project: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> dbtRunnerResult:
    """One dbt invocation. Afterwards dbt's connections are closed: it keeps them open, and they would hold the lock of the
    database file.

    manifest: what dbt parsed before; without it dbt reads the project. target: folder of its artefacts and its log, those of
    the home if not given. project: folder of another project than the warehouse's, with its profiles.yml. variables: more
    of the environment for them.
    """
    from dbt.cli.main import dbtRunner

    folder = target or settings.dbt_target
    of_project = str(project or settings.dbt_project)
    folder.mkdir(parents=True, exist_ok=True)
    runner = dbtRunner(manifest=manifest, callbacks=list(callbacks))
    try:
        with environment(settings, variables or {}):
            outcome = runner.invoke(
                [
                    *arguments,
                    *("--project-dir", of_project),
                    *("--profiles-dir", of_project),
                    *("--target-path", str(folder)),
                    *("--log-path", str(target or settings.home / "dbt" / "logs")),
                    *("--log-level", "none", "--log-level-file", "info"),
                ]
            )
    finally:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None and not isinstance(outcome.exception, Exception):
        raise outcome.exception  # Ctrl-C, which dbt hands back like any error
    return outcome


@contextmanager
def environment(settings: Settings, more: Mapping[str, str] | None = None) -> Iterator[None]:
    """Inside the block, the environment variables that profiles.yml and the Python models read: dbt offers its profiles no
    other way to be given a path. They are put back afterwards, so that two homes can build in one process."""
    ours = {"HEADWAY_HOME": str(settings.home), **(more or {})}
    before = {name: os.environ.get(name) for name in (*ours, "DO_NOT_TRACK")}
    os.environ.update(ours)
    os.environ.setdefault("DO_NOT_TRACK", "1")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
