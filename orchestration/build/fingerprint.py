"""What a release is made from: the state of the store, what was worked out of the detail, the dbt project, the writing code and the
versions of the engines.

Belongs here: one hash over these.
Does not belong here: deciding to skip a build (steps.py), versions by name (release/versions.py), releases (release/folders.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.base.settings import STORAGE_VERSION, Settings
from orchestration.build.dbt_project import project_hash
from orchestration.build.detail.release_tables import detail_state
from orchestration.release.versions import versions
from orchestration.store.tables import open_store

#: the folders of code that a release is made by
WRITING_WING = (
    *(f"orchestration/{room}" for room in ("base", "sources", "store", "intake", "release", "build", "defs")),
    "transforms",
)


def input_fingerprint(settings: Settings) -> str:
    """sha256 over all that a release is made from: what the store holds, the dbt project, the code of the writing wing,
    the versions of the engines.

    Where it equals the fingerprint of the current release, a build would give the same tables again, except for what
    depends on today's date. Call it under the writer lock, with the store closed.
    """
    digest = hashlib.sha256(code_fingerprint(settings).encode())
    if settings.store.exists():
        with open_store(settings.store, read_only=True) as con:
            for statement in _store_state(con):
                digest.update(repr(con.execute(statement).fetchall()).encode())
    return digest.hexdigest()


def code_fingerprint(settings: Settings) -> str:
    """sha256 over what input_fingerprint covers except for the store: where it is the same, the same figures give the same tables.
    What was worked out of the detail counts here, so that a new one is a whole build."""
    digest = hashlib.sha256()
    for path in _code(settings.project):
        digest.update(str(path.relative_to(settings.project)).encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(project_hash(settings).encode())
    digest.update(json.dumps([versions(settings), STORAGE_VERSION]).encode())
    if (detail := detail_state(settings)) is not None:
        digest.update(detail.encode())
    return digest.hexdigest()


def _code(project: Path) -> Iterator[Path]:
    """The files whose text may change what a build makes, in a fixed order. Of orchestration/ only the writing wing:
    what reads a release (readers/, documentation/, cli/) and what starts a run (operations/) cannot change its tables.
    """
    for part in WRITING_WING:
        yield from sorted((project / part).rglob("*.py"))
    # the tables of code that are kept as data: the catalogue of series, names of files at an agency
    yield from sorted((project / "orchestration" / "sources").rglob("*.csv"))


def _store_state(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Queries whose answers change whenever the store does: whole small tables, size and last load of big ones."""
    for table, columns in con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE schema_name = 'raw' GROUP BY table_name ORDER BY table_name"
    ).fetchall():
        if table == "load":  # a load that changed nothing is recorded too, but cannot change a release
            yield (
                "SELECT load_id, payload_id, table_name FROM raw.load "
                "WHERE rows_appended + rows_withdrawn + rows_reinstated + rows_rejected > 0 ORDER BY ALL"
            )
        elif "load_id" in columns:
            yield f"SELECT '{table}', count(*), max(load_id) FROM raw.{table}"
        else:
            yield f"SELECT '{table}', * FROM raw.{table} ORDER BY ALL"
