"""Releases: the folders that readers see, published by one rename and never changed afterwards.

Belongs here: publishing, rolling back, pruning.
Does not belong here: listing and verifying (records.py), making the public file (public_file.py), checks on it (contract.py), Parquet (datapackage.py),
what a build is made from (build/fingerprint.py).

    home/releases/<run_id>/   headway.duckdb, parquet/, datapackage.json, release.json; read-only
    home/current              symlink to releases/<run_id>, relative, so that the home folder can be moved
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.errors import ReleaseError, UsageError
from orchestration.base.files import sync
from orchestration.base.lock import writer_lock
from orchestration.base.public_table import PublicTable, describe
from orchestration.base.settings import RELEASES_KEPT, Settings
from orchestration.release import datapackage, kept_parquet, public_file
from orchestration.release.contract import CONTRACT, CheckResult, Contract, check_file
from orchestration.release.datapackage import FileFacts
from orchestration.release.records import (
    DATABASE,
    Release,
    current_release,
    file_facts,
    list_releases,
    load_release,
    verify_release,
)
from orchestration.release.versions import code_version, versions

_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


@dataclass(frozen=True)
class Changes:
    """What a build changed since a release. since: its run id. tables: table or view of schema main -> the series whose rows changed,
    None for all of it; one that is not named did not change."""

    since: str
    tables: Mapping[str, Collection[str] | None]


def new_run_id(now: datetime | None = None) -> str:
    """A run id that sorts by time, such as 20261121T224800Z-1a2b3c."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def publish(
    settings: Settings,
    *,
    run_id: str,
    inputs: Mapping[str, Any],
    checks: Sequence[CheckResult] = (),
    fingerprint: str | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    allow_shrink: bool = False,
    contract: Contract = CONTRACT,
    changes: Changes | None = None,
) -> Release:
    """Make a release from build/headway.duckdb, check it, and make it current; keep the last RELEASES_KEPT.

    checks:              results of the checks that ran before (dbt tests); a failed one stops the release.
    keys:                table -> its key, where no constraint declares it.
    inputs, fingerprint: recorded in release.json; `inputs` is plain JSON.
    allow_shrink:        a fact or dimension that lost rows is a warning, not a failure.
    changes:             what the build changed since a release of the same code, whose file is then copied and amended, if it is
                         the current one and whole; without it all is written anew.
    The writer lock is taken, a second time where the caller holds it.

    Raises ReleaseError if a check fails or the release cannot be written: then `current` is untouched, and of the
    release only the reason is left, in build/last_failure.json. Raises UsageError for a run id that is malformed or was
    used before, WriterBusyError if another run writes.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(f"{run_id!r} is not a run id such as {new_run_id()}")
    results = list(checks)
    staging, final = settings.releases / f".staging-{run_id}", settings.releases / run_id
    with writer_lock(settings):
        if final.exists():
            raise UsageError(f"release {run_id} exists already; a release is never changed")
        with _explained(settings, run_id, results):
            _clear_leftovers(settings)
            try:
                _require(results)
                staging.mkdir(parents=True)
                tables, origin = _write_data(
                    settings, staging, results, keys or {}, allow_shrink, contract, changes
                )
                _write_records(settings, staging, tables, origin, run_id, inputs, results, fingerprint)
                _seal(staging)
                staging.rename(final)
                sync(settings.releases)
                _point_current_at(settings, final)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                if settings.current.resolve() != final.resolve():
                    shutil.rmtree(final, ignore_errors=True)
                raise
        _prune(settings)
        (settings.build / "last_failure.json").unlink(missing_ok=True)
        return load_release(final)


def rollback(settings: Settings, run_id: str | None = None) -> Release:
    """Make `run_id` current again, or without it the newest undamaged release before the current one.

    Readers see the change at once, as in publishing. Raises UsageError for a release that is not there, ReleaseError
    for a damaged one.
    """
    with writer_lock(settings):
        releases = list_releases(settings)
        if run_id is None:
            current = next((i for i, r in enumerate(releases) if r.current), -1)
            older = [r for r in releases[current + 1 :] if not r.problem]
            if not older:
                raise UsageError("there is no older release to go back to (see `headway releases`)")
            run_id = older[0].run_id
        elif run_id not in {r.run_id for r in releases}:
            known = ", ".join(r.run_id for r in releases) or "none"
            raise UsageError(f"there is no release {run_id}; on disk: {known}")
        verify_release(settings.releases / run_id)
        _point_current_at(settings, settings.releases / run_id)
        return load_release(settings.releases / run_id)


def _require(checks: Sequence[CheckResult]) -> None:
    """Raise ReleaseError naming every failed check, if there is one."""
    failed = [c for c in checks if c.outcome == "fail"]
    if failed:
        raise ReleaseError(
            f"{len(failed)} check{'s' * (len(failed) > 1)} failed: "
            + "; ".join(f"{c.name}: {c.detail}" for c in failed)
        )


def _write_data(
    settings: Settings,
    staging: Path,
    checks: list[CheckResult],
    keys: Mapping[str, Sequence[str]],
    allow_shrink: bool,
    contract: Contract,
    changes: Changes | None,
) -> tuple[list[PublicTable], dict[str, list[dict[str, str]]]]:
    """Write headway.duckdb and parquet/ into `staging`. Returns the tables of the file, and the sources and licences of
    the data package. Adds the checks on the finished file to `checks`."""
    if not settings.build_database.exists():
        raise ReleaseError(f"{settings.build_database} does not exist: nothing was built")
    database = staging / DATABASE
    before = current_release(settings)
    amended = _amended(settings, database, before, changes, keys)
    if not amended:
        public_file.assemble(settings.build_database, database, keys=keys)
    with public_file.open_finished(database) as con:
        tables = describe(con, keys)
        previous = before.rows if before else {}
        checks += check_file(
            con,
            tables,
            contract,
            previous=previous,
            allow_shrink=allow_shrink,
            changes=changes.tables if amended and changes else None,
        )
        _require(checks)
        kept: set[str] = set()
        if amended and before and changes:
            known, folder = _recorded(before), staging / "parquet"
            kept = kept_parquet.take_over(
                con, before.path, known, before.rows, tables, changes.tables, folder
            )
        datapackage.write_parquet(con, [t for t in tables if t.name not in kept], staging / "parquet")
        origin = datapackage.origins(con, tables)
    for scratch in staging.glob(".*"):  # the folders in which DuckDB spilled or exported
        shutil.rmtree(scratch)
    return tables, origin


def _amended(
    settings: Settings,
    database: Path,
    before: Release | None,
    changes: Changes | None,
    keys: Mapping[str, Sequence[str]],
) -> bool:
    """Make `database` from the file of the release before, where that is the one that `changes` speaks of; whether it was made."""
    if changes is None or before is None or before.problem or before.run_id != changes.since:
        return False
    recorded = _recorded(before)
    # of a damaged file, the damage would be in all later releases
    if shutil.copyfile(before.path / DATABASE, database) and file_facts(database) != recorded[DATABASE]:
        database.unlink()
        return False
    if public_file.amend(settings.build_database, database, changes.tables, keys=keys):
        return True
    database.unlink()
    return False


def _recorded(release: Release) -> dict[str, FileFacts]:
    """What a release recorded of its files when it was published."""
    files: dict[str, FileFacts] = json.loads((release.path / "release.json").read_bytes())["files"]
    return files


def _write_records(
    settings: Settings,
    staging: Path,
    tables: Sequence[PublicTable],
    origin: Mapping[str, list[dict[str, str]]],
    run_id: str,
    inputs: Mapping[str, Any],
    checks: Sequence[CheckResult],
    fingerprint: str | None,
) -> None:
    """Write datapackage.json and release.json into `staging`. The database must be closed by now: opening its file in
    Python, to hash it, would drop the lock that DuckDB holds on it."""
    created = datetime.now(UTC)
    engines = versions(settings)
    files = {str(p.relative_to(staging)): file_facts(p) for p in sorted(staging.rglob("*")) if p.is_file()}
    package = datapackage.descriptor(
        tables, origin, files, run_id=run_id, created=created, version=engines["headway"]
    )
    _dump(package, staging / "datapackage.json")
    record = {
        "run_id": run_id,
        "created_at": created.isoformat(),
        "code": code_version(settings),
        "versions": engines,
        "inputs": dict(inputs),
        "fingerprint": fingerprint,
        "checks": [c.as_dict() for c in checks],
        "rows": {t.name: t.rows for t in tables},
        "files": {**files, "datapackage.json": file_facts(staging / "datapackage.json")},
    }
    _dump(record, staging / "release.json")


def _seal(staging: Path) -> None:
    """Make the files read-only, and everything durable before the rename that makes it visible."""
    for path in staging.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
        sync(path)
    sync(staging)


def _point_current_at(settings: Settings, release: Path) -> None:
    """Let `current` point at `release`: a new symlink renamed over the old one, the only step that readers see."""
    link = settings.home / f".current-{release.name}"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(release, settings.current.parent))
    link.replace(settings.current)
    sync(settings.home)


def _clear_leftovers(settings: Settings) -> None:
    """Remove what killed runs left behind. The caller holds the writer lock, so nobody else writes there."""
    for pattern in (".staging-*", ".removed-*"):
        for folder in settings.releases.glob(pattern):
            shutil.rmtree(folder)
    for link in settings.home.glob(".current-*"):
        link.unlink()


def _prune(settings: Settings) -> None:
    """Remove all but the newest releases; a reader that has a file open keeps it until it closes it (POSIX)."""
    whole = [r for r in list_releases(settings) if not r.problem]
    for release in whole[RELEASES_KEPT:]:
        if not release.current:
            removed = settings.releases / f".removed-{release.run_id}"
            # the new release is out already: what cannot be removed now is tried again by the next run
            with suppress(OSError):
                release.path.rename(removed)  # at once, so that a half-removed folder is never listed
                shutil.rmtree(removed)


def _dump(record: Mapping[str, object], path: Path) -> None:
    """Write a record as JSON. Nobody reads it before the folder gets its name, so it need not appear whole."""
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def _explained(settings: Settings, run_id: str, checks: Sequence[CheckResult]) -> Iterator[None]:
    """Any failure to publish as one ReleaseError, and its reason in build/last_failure.json."""
    try:
        yield
    except (ReleaseError, OSError, duckdb.Error) as error:
        reason = str(error) if isinstance(error, ReleaseError) else _in_words(settings, error)
        note = {
            "run_id": run_id,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "reason": reason,
            "checks": [c.as_dict() for c in checks],
        }
        with suppress(OSError):  # on a full disk the reason is still raised
            settings.build.mkdir(parents=True, exist_ok=True)
            _dump(note, settings.build / "last_failure.json")
        raise ReleaseError(f"release {run_id} was not published, the current one stays: {reason}") from error


def _in_words(settings: Settings, error: Exception) -> str:
    """What went wrong, and for a full disk what to do. DuckDB tells of one in its message only."""
    by_number = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    if by_number or os.strerror(errno.ENOSPC) in str(error):
        size = shutil.disk_usage(settings.home).total / 1e6
        return (
            f"the disk of {settings.releases} ({size:,.0f} MB) is full; "
            "make room there or set HEADWAY_HOME to a folder on a bigger disk"
        )
    return f"{type(error).__name__}: {str(error).strip()}"
