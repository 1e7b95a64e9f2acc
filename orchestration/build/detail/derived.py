"""What the detail models have made: folders that are published by one rename and never changed afterwards.

Belongs here: the layout of <home>/detail/derived, its manifest, switching, removing what is old.
Does not belong here: making the tables (derive.py), what a release takes of them (release_tables.py).

    <home>/detail/derived/<build_id>/<table>/*.parquet, derived.json
    <home>/detail/derived/current                       symlink to <build_id>, relative
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.base.errors import DetailError
from orchestration.base.files import sha256_of, sync, write_whole
from orchestration.base.settings import Settings

MANIFEST, CURRENT = "derived.json", "current"
#: builds that stay: the current one and the one before, which somebody may be reading
KEPT = 2
_BUILD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


@dataclass(frozen=True)
class DerivedFile:
    """A Parquet file of a table. path: relative to the folder of the build."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class DerivedTable:
    """A table. key: its grain. columns: name -> description. released: whether a release takes it as a table."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: dict[str, str]
    released: bool
    rows: int
    files: tuple[DerivedFile, ...]


@dataclass(frozen=True)
class Derived:
    """A build of the detail. as_of: the day whose knowledge it holds (ISO), None for the latest. catalogue: fingerprint of the lake."""

    folder: Path
    engine: str
    as_of: str | None
    catalogue: str
    created_at: str
    tables: tuple[DerivedTable, ...]

    @property
    def build_id(self) -> str:
        """The name of its folder."""
        return self.folder.name

    def table(self, name: str) -> DerivedTable:
        """One of its tables. Raises KeyError."""
        return {table.name: table for table in self.tables}[name]

    def files(self, name: str) -> list[Path]:
        """The files of one of its tables."""
        return [self.folder / file.path for file in self.table(name).files]


def derived_of(settings: Settings) -> Path:
    """The folder of what the models make."""
    return settings.detail / "derived"


def new_folder(derived: Path) -> Path:
    """A folder for the next build, which is made when something is written to it."""
    return derived / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def described_files(folder: Path, table: str) -> tuple[DerivedFile, ...]:
    """The Parquet files of a table that was just written; what else an engine left beside them is removed.

    Raises DetailError where there is none.
    """
    for left in (folder / table).iterdir():
        if left.suffix != ".parquet" or left.name.startswith((".", "_")):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    paths = sorted((folder / table).iterdir())
    if not paths:
        raise DetailError(f"no file was written for {table}")
    return tuple(
        DerivedFile(str(path.relative_to(folder)), path.stat().st_size, sha256_of(path)) for path in paths
    )


def publish(built: Derived) -> None:
    """Make a finished build the current one: its files are on disk first, then one rename. Older builds but one are removed."""
    content = {**asdict(built), "folder": built.build_id}
    for table in built.tables:
        for file in table.files:
            sync(built.folder / file.path)
    write_whole(built.folder / MANIFEST, json.dumps(content, indent=1).encode(), durable=True)
    derived = built.folder.parent
    link = derived / f".{CURRENT}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(built.build_id)
    link.replace(derived / CURRENT)
    sync(derived)
    prune(derived)


def prune(derived: Path) -> None:
    """Remove builds but the current one and the one before, and what a killed run left."""
    with suppress(FileNotFoundError):
        now = (derived / CURRENT).readlink().name
        builds = sorted(path.name for path in derived.iterdir() if _BUILD_ID.fullmatch(path.name))
        whole = [name for name in builds if (derived / name / MANIFEST).exists() and name != now]
        keep = {now, *whole[len(whole) - (KEPT - 1) :]}
        for name in builds:
            if name not in keep:
                shutil.rmtree(derived / name, ignore_errors=True)


def current(derived: Path) -> Derived | None:
    """The current build, None where there is none. Raises DetailError where it is damaged."""
    try:
        folder = derived / (derived / CURRENT).readlink()
        found = json.loads((folder / MANIFEST).read_bytes())
        tables = tuple(_table(table) for table in found["tables"])
        return Derived(
            folder, found["engine"], found["as_of"], found["catalogue"], found["created_at"], tables
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DetailError(
            f"{derived / CURRENT} is damaged ({error}); `headway detail build` makes it again"
        ) from error


def missing_files(built: Derived, names: Sequence[str]) -> list[str]:
    """Files of some tables that are not there, or not of the size that was written."""
    return [
        file.path
        for name in names
        for file in built.table(name).files
        if not (built.folder / file.path).is_file() or (built.folder / file.path).stat().st_size != file.bytes
    ]


def _table(found: dict[str, object]) -> DerivedTable:
    values = {
        **found,
        "key": tuple(found["key"]),  # type: ignore[arg-type]
        "files": tuple(DerivedFile(**file) for file in found["files"]),  # type: ignore[attr-defined]
    }
    return DerivedTable(**values)  # type: ignore[arg-type]
