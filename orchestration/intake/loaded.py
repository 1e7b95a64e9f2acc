"""Whether the store holds what a build would load into it: the bundled figures and the user's own timelines as they are now.

Belongs here: these two questions, which `headway build` asks before anything else. Does not belong here: loading (figures/load.py,
timeline/load.py), which polars is imported for.
"""

from __future__ import annotations

import hashlib

from orchestration.base.settings import Settings
from orchestration.intake.figures.manifest import read_manifest
from orchestration.store.opened import loaded_figures, loaded_timelines, open_store


def figures_loaded(settings: Settings) -> bool:
    """Whether the store has loaded every bundled file as it is now. Raises FiguresError for a bad manifest."""
    bundled = {f["sha256"] for f in read_manifest(settings.figures)["files"]}
    with open_store(settings.store, read_only=True) as con:
        return bundled <= loaded_figures(con)


def timelines_loaded(settings: Settings) -> bool:
    """Whether the store holds the rows of the user's files as they are now. Raises as read_timelines does.

    A store of a version without these tables holds none of them.
    """
    with open_store(settings.store, read_only=True) as con:
        held = loaded_timelines(con)
    if not settings.timelines.exists():
        return held is None
    from orchestration.intake.timeline.load import packed
    from orchestration.intake.timeline.own import read_timelines

    rows = read_timelines(settings)
    if held is None:
        return not any(rows.values())
    return held == hashlib.sha256(packed(rows)).hexdigest()
