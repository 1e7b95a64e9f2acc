"""What a release is made from: the state of the store, the dbt project, the code and the versions of the engines.

Belongs here: one hash over these, and their names for release.json.
Does not belong here: deciding to skip a build (the caller compares), releases (release.py).
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version

import duckdb

from orchestration.dbt_runner import project_hash
from orchestration.settings import STORAGE_VERSION, Settings


def input_fingerprint(settings: Settings) -> str:
    """sha256 over all that a release is made from: what the store holds, the dbt project, the code, the versions of
    the engines. Equal to `current_fingerprint` means that a build would give the same tables again, except for what
    depends on today's date. Call it under the writer lock, with the store closed.
    """
    digest = hashlib.sha256()
    for package in ("orchestration", "transforms"):
        for path in sorted((settings.project / package).rglob("*.py")):
            digest.update(
                str(path.relative_to(settings.project)).encode() + b"\0" + path.read_bytes() + b"\0"
            )
    digest.update(project_hash(settings).encode())
    digest.update(json.dumps([versions(settings), STORAGE_VERSION]).encode())
    if settings.store.exists():
        with duckdb.connect(str(settings.store), read_only=True) as con:
            for statement in _store_state(con):
                digest.update(repr(con.execute(statement).fetchall()).encode())
    return digest.hexdigest()


def _store_state(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Queries whose answers change whenever the store does: whole small tables, size and last load of big ones."""
    for table, columns in con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE schema_name = 'raw' GROUP BY table_name ORDER BY table_name"
    ).fetchall():
        if table == "load":  # a load that changed nothing is recorded, too, but does not change a release
            yield (
                "SELECT load_id, payload_id, table_name FROM raw.load "
                "WHERE rows_appended + rows_withdrawn + rows_reinstated + rows_rejected > 0 ORDER BY ALL"
            )
        elif "load_id" in columns:
            yield f"SELECT '{table}', count(*), max(load_id) FROM raw.{table}"
        else:
            yield f"SELECT '{table}', * FROM raw.{table} ORDER BY ALL"


def versions(settings: Settings) -> dict[str, str]:
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
