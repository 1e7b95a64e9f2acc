"""Registering sources, series and the user's own timelines in the store, before the first row of a payload is loaded.

Belongs here: what a run registers. Does not belong here: the SQL statements (store/ingest.py).
"""

from __future__ import annotations

import duckdb

from orchestration.base.settings import Settings
from orchestration.intake.timeline.load import load_timelines
from orchestration.intake.user_import import imported_sources
from orchestration.sources.registry import FEED_SOURCES, FIRST_RELEASES, SOURCES, load_series_catalogue
from orchestration.store.archive import Archive
from orchestration.store.ingest import register_first_releases, register_series, register_sources


def register(settings: Settings, con: duckdb.DuckDBPyConnection) -> None:
    """Write the registry's sources, those of archived imports, the catalogue's series and the user's own timelines into the store
    behind `con`. Raises TimelineError where the files of the timelines are not good; nothing is written then.

    Publishers of the feed are written where the archive holds something of them: who never asked for it is not told that
    they were never loaded.
    """
    archive = Archive(settings)
    asked = [source for source in FEED_SOURCES if (archive.root / source.source_id).is_dir()]
    con.begin()  # one transaction for all statements: a transaction each would take 130 ms
    register_sources(con, [*SOURCES, *asked, *imported_sources(archive)])
    register_first_releases(con, FIRST_RELEASES)
    register_series(con, load_series_catalogue())
    try:
        load_timelines(settings, con)
    except BaseException:
        con.rollback()
        raise
    con.commit()
