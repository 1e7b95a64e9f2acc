"""A whole build of the bundled figures, kept beside the project: a home that begins with nothing takes a copy of it.

Belongs here: where it is, what identifies it, keeping it, beginning a home with it.
Does not belong here: bringing a build up to date (build/update.py), kept results of slow statistics (build/statistics_cache.py), publishing.

A first build computes for minutes what an earlier one of the same clone computed from the same figures. Its store, its build with the
journal of what it read, and the results of its data tests are therefore kept. A home without a store begins with copies of these; then
everything goes on as in any home: the bundled figures are archived, the journal says what the store holds otherwise than the
build has read (nothing, or the user's own timelines), the release is written and checked.

Only a build is kept that began in an empty home and read the bundled figures and timelines alone: its files never held anything of a
user, not even as deleted rows. There is one, the newest (0.9 GB); `make clean` or `rm -r` removes it, HEADWAY_KEEP=0 turns it off.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from orchestration.base.duck import opened, scalar
from orchestration.base.errors import HeadwayError
from orchestration.base.files import replacing, sha256_of
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.build import data_tests, journal, statistics_cache
from orchestration.build.dbt_runner import check_results
from orchestration.build.fingerprint import code_fingerprint, detail_state
from orchestration.intake.figures.manifest import read_manifest
from orchestration.release.records import list_releases
from orchestration.store.opened import FIGURES, open_store
from transforms.timeline import TIMELINE_TABLES

#: under the folder: what is kept, the record of it in there, what locks it
_WHOLE, _RECORD, _LOCK = "whole", "kept.json", "lock"
#: the names of the two databases there
_STORE, _BUILD = "store.duckdb", "headway.duckdb"
#: what a build leaves of its models and tests, without which it can be neither updated nor released
_DBT_RESULTS = "run_results.json"
_RESULTS = (_DBT_RESULTS, data_tests.RESULTS, data_tests.COMPILED)
#: folders of an archive that holds bundled figures alone
_ARCHIVE_OF_FIGURES = {FIGURES, "objects", "tmp"}
#: bytes that keeping leaves free on the disk: three more homes
_LEFT_FREE = 4_000_000_000
#: libraries that decide the last digits of a result and are no part of code_fingerprint
_LIBRARIES = ("numpy", "scipy")


@dataclass(frozen=True)
class Kept:
    """What is kept. key: of the build (`key`). made_at: when it was kept, UTC, ISO 8601. files: path below the folder -> sha256.
    bytes: of all files together."""

    key: str
    made_at: str
    files: dict[str, str]
    bytes: int


def folder(settings: Settings) -> Path:
    """Where the build is kept: beside what was parsed of the dbt project, where every home of this clone finds it, or in
    HEADWAY_STATISTICS."""
    shared = os.environ.get("HEADWAY_STATISTICS")
    return (Path(shared) if shared else settings.dbt_project / "target") / "kept_build"


def key(settings: Settings) -> str:
    """sha256 over all that a build of the bundled figures is made from: code, models, seeds (the bundled timelines are among them), figures,
    versions, and where the project is, which the journal names. Raises FiguresError for a bad manifest."""
    parts = [
        code_fingerprint(settings),
        sorted(_bundled(settings)),
        [f"{name} {version(name)}" for name in _LIBRARIES],
        sys.version,
        str(settings.project),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def kept(settings: Settings) -> Kept | None:
    """What is kept, as its record states it; None where nothing is, or it cannot be read."""
    try:
        return Kept(**json.loads((folder(settings) / _WHOLE / _RECORD).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def begins_with_nothing(settings: Settings) -> bool:
    """Whether the home has no store, and an archive of bundled figures at most (that of a first build that was killed)."""
    if settings.store.exists():
        return False
    there = {path.name for path in settings.archive.iterdir()} if settings.archive.is_dir() else set()
    return there <= _ARCHIVE_OF_FIGURES


def take(settings: Settings) -> bool:
    """Begin a home that has no store with copies of what is kept, if that was made from the code, models and figures as they are now;
    whether it was. The caller holds the writer lock.

    A copy is compared with what was kept before it gets its name; where one differs, all that is kept is thrown away and the home stays as it
    was. The store comes last: a killed run leaves a home without one, which begins again.
    Raises FiguresError for a bad manifest.
    """
    for target in _places(settings).values():  # of a run that was killed while it copied
        for left in target.parent.glob(f".{target.name}.*"):
            left.unlink()
    here = kept(settings) if _is_wanted() else None
    if here is None or here.key != key(settings):
        return False
    with _locked(settings, fcntl.LOCK_SH) as mine:
        if not mine or kept(settings) != here:
            return False
        report("load", f"beginning with the build that was kept on {here.made_at[:10]}")
        try:
            _put_into_home(settings, here)
            return True
        except (OSError, duckdb.Error) as error:  # a full disk, say: what is kept may be as good as ever
            report("load", f"the kept build could not be copied ({error}): all is made anew")
            return False
        except _DamagedError as error:
            damage = str(error)
    report("load", f"{damage}: thrown away, all is made anew")
    _throw_away(settings)
    return False


def keep(settings: Settings, made_from: str) -> bool:
    """Keep the build of this home, which began with nothing, in the place of the one that is kept; whether it was.

    made_from: `key` when the build began: somebody may have changed a file since. The caller holds the writer lock. Nothing is kept,
    and nothing raised, where the home holds more than bundled figures, where the build has been updated since it was made whole, where it is
    kept already, where another home is keeping one now, or where the disk has no room to spare.
    """
    here = kept(settings)
    if not _is_wanted() or (here is not None and here.key == made_from):
        return False
    # a home can be read-only, a project can be, and a disk can become full: a build that ended well has not failed for that
    with suppress(HeadwayError, OSError, duckdb.Error):
        if not _is_of_bundled_alone(settings) or key(settings) != made_from:
            return False
        folder(settings).mkdir(parents=True, exist_ok=True)
        size = settings.store.stat().st_size + settings.build_database.stat().st_size
        if shutil.disk_usage(folder(settings)).free < size + _LEFT_FREE:
            return False
        with _locked(settings, fcntl.LOCK_EX) as mine:
            if mine:
                report("release", "keeping the build for other homes of this clone")
                _write(settings, made_from)
            return mine
    return False


class _DamagedError(Exception):
    """A kept file is not what was kept."""


def _is_wanted() -> bool:
    return os.environ.get("HEADWAY_KEEP", "1") not in ("0", "")


def _bundled(settings: Settings) -> set[str]:
    """sha256 of each bundled file."""
    return {entry["sha256"] for entry in read_manifest(settings.figures)["files"]}


def _put_into_home(settings: Settings, here: Kept) -> None:
    """Copy what is kept to where a build leaves it. Raises _DamagedError, OSError, duckdb.Error; the home is then as it was."""
    whole = folder(settings) / _WHOLE
    targets = {name: target for name, target in _places(settings).items() if name in here.files}
    if not {_STORE, _BUILD, *_RESULTS} <= targets.keys():
        raise _DamagedError("the kept build lacks a file")
    with ExitStack() as stack:
        copies = {}
        # renamed in the reverse order of this, so that the store is the last
        for name in (_STORE, *(name for name in targets if name != _STORE)):
            targets[name].parent.mkdir(parents=True, exist_ok=True)
            copies[name] = stack.enter_context(replacing(targets[name], durable=name == _STORE))
            if not (whole / name).is_file():
                raise _DamagedError(f"of the kept build {name} is missing")
            _copy(whole / name, copies[name])
            if sha256_of(copies[name]) != here.files[name]:
                raise _DamagedError(f"of the kept build {name} is damaged")
        # the figures come into this home now. When they became known to the world is another column (known_from), which stays
        with opened(copies[_STORE], read_only=False) as con:
            con.execute("UPDATE raw.load SET loaded_at = ?", [_now()])
        for database in (settings.store, settings.build_database):
            database.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def _places(settings: Settings) -> dict[str, Path]:
    """Path below the kept folder -> where a home has that file. Results of slow statistics only where homes do not share them anyway."""
    statistics = statistics_cache.folder(settings)
    names = {
        path.name for place in (statistics, folder(settings) / _WHOLE) for path in place.glob("*.parquet")
    }
    shared = "HEADWAY_STATISTICS" in os.environ
    return {
        _STORE: settings.store,
        _BUILD: settings.build_database,
        **{name: settings.dbt_target / name for name in _RESULTS},
        **({} if shared else {name: statistics / name for name in sorted(names)}),
    }


def _is_of_bundled_alone(settings: Settings) -> bool:
    """Whether store and build hold what the bundled figures give and nothing else, whole and with good results."""
    archived = {path.name for path in settings.archive.iterdir()}
    if len(list_releases(settings)) > 1:  # results of slow statistics may be of what it held before
        return False
    if not archived <= _ARCHIVE_OF_FIGURES or detail_state(settings) is not None:
        return False
    with open_store(settings.store, read_only=True) as con:
        payloads = set(con.execute("SELECT source_id, sha256 FROM raw.payload").fetchall())
        own = sum(scalar(con, f"SELECT count(*) FROM raw.{table}") for table in TIMELINE_TABLES.values())
    with opened(settings.build_database) as con:
        state = journal.state(con)
        waiting = scalar(con, "SELECT count(*) FROM kept.pending") if state else 1
    return (
        payloads == {(FIGURES, sha256) for sha256 in _bundled(settings)}
        and not own
        and state is not None
        and state["code"] == code_fingerprint(settings)
        and not waiting
        and all(check.outcome != "fail" for check in check_results(settings))
    )


def _write(settings: Settings, made_from: str) -> None:
    """Copy the files of this home aside, then put them in the place of what is kept by one rename. The lock is held."""
    place = folder(settings)
    for left in place.glob(".*"):  # of a run that was killed; nobody else writes here
        shutil.rmtree(left)
    part = place / f".part-{os.getpid()}"
    part.mkdir()
    try:
        files = {name: source for name, source in _places(settings).items() if source.is_file()}
        for name, source in files.items():
            _copy(source, part / name)
        # how dbt was called names the folders of this home, and nobody reads it
        results = json.loads((part / _DBT_RESULTS).read_bytes())
        results.pop("args", None)
        (part / _DBT_RESULTS).write_text(json.dumps(results), encoding="utf-8")
        # the home that takes it has no release that it could go on from
        with opened(part / _BUILD, read_only=False) as con:
            con.execute("UPDATE kept.state SET release = NULL")
        record = Kept(
            key=made_from,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            files={name: sha256_of(part / name) for name in files},
            bytes=sum((part / name).stat().st_size for name in files),
        )
        (part / _RECORD).write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
        _remove_whole(place)
        part.rename(place / _WHOLE)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _throw_away(settings: Settings) -> None:
    """Remove what is kept, unless another home reads or writes it now."""
    with suppress(OSError), _locked(settings, fcntl.LOCK_EX) as mine:
        if mine:
            _remove_whole(folder(settings))


def _remove_whole(place: Path) -> None:
    """Remove what is kept, by a rename first: half of it is never found under its name."""
    if (place / _WHOLE).exists():
        (place / _WHOLE).rename(place / f".removed-{os.getpid()}")
        shutil.rmtree(place / f".removed-{os.getpid()}", ignore_errors=True)


@contextmanager
def _locked(settings: Settings, how: int) -> Iterator[bool]:
    """Hold the lock of what is kept, shared to read and exclusive to write; whether it could be had at once, which is not waited for: a home can
    always be built from nothing. The kernel gives it back when the process ends."""
    try:
        fd = os.open(folder(settings) / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        yield False
        return
    try:
        yield True
    finally:
        os.close(fd)


def _copy(source: Path, target: Path) -> None:
    """The bytes of `source` in a new file `target`. The kernel copies them where it can, and shares them where the file system can (btrfs,
    XFS): they then take room only once."""
    if not hasattr(os, "copy_file_range"):  # macOS
        shutil.copyfile(source, target)
        return
    with source.open("rb") as of, target.open("wb") as to:
        try:
            while os.copy_file_range(of.fileno(), to.fileno(), 1 << 30):
                pass
            to.flush()
            if to.tell() == source.stat().st_size:  # some file systems say that there is nothing to copy
                return
        except OSError:  # between two file systems, or one that does not know the call
            pass
    shutil.copyfile(source, target)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
