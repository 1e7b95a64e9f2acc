"""What releases on disk say of themselves: which there are, which is current, whether one is whole.

Belongs here: reading release.json and comparing files with it. Does not belong here: making, switching and removing releases (folders.py).
Every `headway build` begins here and mostly ends here, so that nothing of this imports DuckDB.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.errors import ReleaseError
from orchestration.base.files import sha256_of
from orchestration.base.settings import Settings
from orchestration.release.contract import CheckResult

if TYPE_CHECKING:
    from orchestration.release.datapackage import FileFacts

DATABASE = "headway.duckdb"


@dataclass(frozen=True)
class Release:
    """A release on disk, as its release.json states it. `problem` says why a folder cannot be used as one.

    rows:     table -> number of rows. bytes: of all files together. created_at: with its zone, UTC.
    inputs:   what `publish` was told that the release is made from; plain JSON, hence Any.
    versions: engine -> version, and `code` -> commit.
    """

    run_id: str
    path: Path
    created_at: datetime
    current: bool
    rows: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    checks: tuple[CheckResult, ...] = ()
    inputs: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    fingerprint: str | None = None
    problem: str | None = None


def list_releases(settings: Settings) -> list[Release]:
    """The releases on disk, newest first. A folder that is not one (any more) is listed with its `problem`."""
    if not settings.releases.is_dir():
        return []
    folders = [p for p in settings.releases.iterdir() if p.is_dir() and not p.name.startswith(".")]
    return sorted((load_release(p) for p in folders), key=lambda r: (r.created_at, r.run_id), reverse=True)


def current_release(settings: Settings) -> Release | None:
    """The release that readers see now; None before the first one."""
    return next((r for r in list_releases(settings) if r.current), None)


def verify_release(path: Path) -> Release:
    """Compare every file of a release folder with its recorded size and sha256; raises ReleaseError if one differs."""
    release = load_release(path)
    problems = [release.problem] if release.problem else []
    if not problems:
        recorded = json.loads((path / "release.json").read_bytes())["files"]
        for name, expected in recorded.items():
            if not (path / name).is_file():
                problems.append(f"{name} is missing")
            elif file_facts(path / name) != expected:
                problems.append(f"{name} is not what was published")
        if (path / f"{DATABASE}.wal").exists():
            problems.append(f"someone left {DATABASE}.wal beside the database")
    if problems:
        raise ReleaseError(f"release {path.name} in {path.parent} is damaged: {'; '.join(problems)}")
    return release


def load_release(path: Path) -> Release:
    """The release in a folder; with its `problem` where release.json is missing, damaged or that of another release."""
    link = path.parent.parent / "current"
    current = link.is_symlink() and link.resolve() == path.resolve()
    try:
        record = json.loads((path / "release.json").read_bytes())
        return Release(
            run_id=record["run_id"],
            path=path,
            current=current,
            created_at=datetime.fromisoformat(record["created_at"]),
            rows=record["rows"],
            bytes=sum(f["bytes"] for f in record["files"].values()),
            checks=tuple(CheckResult(**c) for c in record["checks"]),
            inputs=record["inputs"],
            versions={**record["versions"], "code": record["code"]},
            fingerprint=record["fingerprint"],
            problem=None if record["run_id"] == path.name else f"it is a copy of {record['run_id']}",
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        made = path.stat().st_mtime if path.exists() else None
        return Release(
            run_id=path.name,
            path=path,
            current=current,
            created_at=datetime.fromtimestamp(made, UTC)
            if made is not None
            else datetime.min.replace(tzinfo=UTC),
            problem=f"release.json cannot be read ({error})",
        )


def file_facts(path: Path) -> FileFacts:
    """Size and sha256 of a file, as release.json has them."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
