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
from typing import TYPE_CHECKING

from orchestration.base.duck import quoted
from orchestration.base.settings import STORAGE_VERSION, Settings
from orchestration.build.dbt_project import project_hash
from orchestration.build.detail.release_tables import detail_state
from orchestration.intake.figures.manifest import MANIFEST
from orchestration.release.versions import versions
from orchestration.store.opened import open_store

if TYPE_CHECKING:
    import duckdb

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
            digest.update(repr(con.execute(_store_state(con)).fetchall()).encode())
    return digest.hexdigest()


def state_on_disk(settings: Settings, release: str) -> str:
    """sha256 over the files that decide whether `release`, a run id, is what a build would make: equal to what it was once the question was
    answered with yes, it is yes without opening the store, which takes longer than all the rest.

    Code, models, the manifest of the figures and the user's timelines by their content, the store by its size and times: whoever writes to a
    DuckDB file changes them, and the time of the last change of an inode cannot be set.
    """
    digest = hashlib.sha256(f"{release}\0{code_fingerprint(settings)}".encode())
    timelines = sorted(settings.timelines.rglob("*")) if settings.timelines.exists() else []
    for path in [settings.figures / MANIFEST, *timelines]:
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for path in (settings.store, settings.store.with_name(f"{settings.store.name}.wal")):
        if path.exists():
            stat = path.stat()
            digest.update(
                repr((path.name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)).encode()
            )
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


def _store_state(con: duckdb.DuckDBPyConnection) -> str:
    """A query whose answer changes whenever the store does: rows and their hashes of small tables, size and last load of big ones.

    One query and no rows of text, because every `headway build` waits for it: 22 queries took 20 ms, half of them for the 667 series. The
    hashes are those of the version of DuckDB, which is in the fingerprint too.
    """
    parts = []
    for table, columns in con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE schema_name = 'raw' GROUP BY table_name ORDER BY table_name"
    ).fetchall():
        if table == "load":  # a load that changed nothing is recorded too, but cannot change a release
            state = "sum(hash(load_id, payload_id, table_name)::HUGEINT)"
            where = " WHERE rows_appended + rows_withdrawn + rows_reinstated + rows_rejected > 0"
        elif "load_id" in columns:
            state, where = "max(load_id)::HUGEINT", ""
        else:
            state, where = f"sum(hash({', '.join(map(quoted, columns))})::HUGEINT)", ""
        parts.append(f"SELECT '{table}' AS name, count(*), {state} FROM raw.{table}{where}")
    return " UNION ALL ".join(parts) + " ORDER BY name"
