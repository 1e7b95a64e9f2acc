"""The jobs: `build` (everything offline) and `refresh` (the agencies, then everything).

Belongs here: asset jobs and how they execute. Does not belong here: what an asset does (assets/).
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

#: in one process: a process for each step would spend 6 to 10 s on imports and wait for the writer lock
EXECUTOR = dg.in_process_executor

#: the pool of the steps that write the store or the build: one of them runs at a time. A run in the process of a command takes no slot
#: of it, since it holds the writer lock from its first to its last step (operations/dagster_run.py)
WRITER_POOL = "duckdb_writer"

#: seconds that a step waits for another process to finish writing. The pool knows the runs of this instance only, not commands, and beside
#: a process that writes DuckDB opens a file for nobody, not for reading either
WAIT_SECONDS = 600.0

#: on runs that start by themselves: the release asset leaves the current release alone if nothing changed
ONLY_IF_CHANGED = "headway/only_if_changed"
#: on runs whose release may lose more than a tenth of a table
ALLOW_SHRINK = "headway/allow_shrink"

#: on runs that make every model anew, also those that nothing reached
ANEW = "headway/anew"


def build_job(live: Sequence[dg.AssetKey]) -> dg.UnresolvedAssetJobDefinition:
    """Everything but the live datasets: asks nothing of the network."""
    return dg.define_asset_job(
        "build",
        selection=dg.AssetSelection.all() - dg.AssetSelection.assets(*live),
        description="Bundled figures, archive and store to a checked release; asks nothing of the network.",
        executor_def=EXECUTOR,
    )


def refresh_job() -> dg.UnresolvedAssetJobDefinition:
    """Everything; a schedule selects the live datasets that are due, and what comes after them."""
    return dg.define_asset_job(
        "refresh",
        selection=dg.AssetSelection.all(),
        description="Bring every source up to date, then build and release.",
        executor_def=EXECUTOR,
        tags={ONLY_IF_CHANGED: "true"},
    )
