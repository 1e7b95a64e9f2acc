"""The jobs: `build` (everything offline) and `refresh` (every source, then everything).

Belongs here: asset jobs and how they execute. Does not belong here: what an asset does (assets/).
"""

from __future__ import annotations

import dagster as dg

#: in one process: a process a step would pay 6-10 s of imports each and fight for the writer lock
EXECUTOR = dg.in_process_executor

BUILD = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all(),
    description="Bundled figures, archive and store to a checked release; asks nothing of the network.",
    executor_def=EXECUTOR,
)

REFRESH = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Bring every registered source up to date, then build and release.",
    executor_def=EXECUTOR,
)
