"""`headway doctor`: is this machine and this warehouse in order, and what to do where it is not.

Belongs here: checks of the surroundings, each a finding with a state and a remedy.
Does not belong here: checks of the figures themselves (dbt tests, release checks).
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections.abc import Iterator

from packaging.requirements import Requirement

from orchestration.base.errors import HeadwayError, WriterBusyError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.intake.figures.manifest import figures_status, verify_figures
from orchestration.operations import kept_build
from orchestration.operations.doctor_keys import Finding, examine_key
from orchestration.operations.doctor_sources import examine_sources
from orchestration.release.records import list_releases, verify_release
from orchestration.sources import datasets
from orchestration.store.archive import Archive

#: a full build writes about 250 MB (store, build file, release, Parquet); keep room for three releases
_FREE_BYTES = 1_000_000_000


def examine(settings: Settings, *, online: bool = False) -> list[Finding]:
    """Every finding, in the order in which a newcomer would look for a fault; nothing is changed and nothing raised.

    online: also asks each source one small question: is it reachable, does it accept us, have its codes the titles that we
    expect (doctor_sources.SourceFinding).
    """
    return [
        *_python(),
        *_packages(settings),
        *_figures(settings),
        *_disk(settings),
        *_kept_build(settings),
        *_writer(settings),
        *_release(settings),
        *_quarantine(settings),
        *_keys(),
        *(examine_sources(settings, datasets.DATASETS) if online else ()),
    ]


def _python() -> Iterator[Finding]:
    """The version of Python; one older than 3.11 cannot import this module, and `make` refuses it with a message."""
    yield Finding("python", "ok", ".".join(map(str, sys.version_info[:3])))


def _packages(settings: Settings) -> Iterator[Finding]:
    """Installed versions against those of the lock: with other versions, the same code may behave differently."""
    wrong, pinned = [], 0
    for line in (settings.project / "requirements.lock").read_text().splitlines():
        if "==" not in line:
            continue  # a hash
        requirement = Requirement(line.rstrip(" \\"))
        if requirement.marker and not requirement.marker.evaluate():
            continue  # for another platform or Python
        pinned += 1
        try:
            installed = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed not in requirement.specifier:
            wrong.append(f"{requirement.name} {installed} (locked {requirement.specifier})")
    if wrong:
        yield Finding("packages", "wrong", ", ".join(wrong), "run `make setup` again after removing .venv")
    else:
        yield Finding("packages", "ok", f"{pinned} pinned versions")


def _figures(settings: Settings) -> Iterator[Finding]:
    try:
        verify_figures(settings.figures)
        status = figures_status(settings.figures)
        yield Finding(
            "figures", "ok", f"{status['files']} files, {status['bytes'] / 1e6:.1f} MB, hashes match"
        )
    except (HeadwayError, OSError, ValueError) as error:
        yield Finding("figures", "wrong", str(error), "restore the files: git checkout -- warehouse/figures")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = settings.home if settings.home.exists() else settings.project
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:.1f} GB free"
    if free > _FREE_BYTES:
        yield Finding("disk", "ok", detail)
    else:
        yield Finding("disk", "wrong", detail, f"make room on the disk of {place}")


def _kept_build(settings: Settings) -> Iterator[Finding]:
    """What is kept for other homes takes as much room as a home, and stands where nobody looks."""
    kept = kept_build.kept(settings)
    if kept is None:
        yield Finding("kept build", "ok", "none")
        return
    place = kept_build.folder(settings)
    try:
        use = (
            "a new home begins with it"
            if kept.key == kept_build.key(settings)
            else "of other code or figures: the next first build replaces it"
        )
    except (HeadwayError, OSError):  # the figures have a finding of their own
        use = "of no use until the figures are mended"
    yield Finding(
        "kept build", "ok", f"{kept.bytes / 1e9:.2f} GB in {place}, kept {kept.made_at[:16]} UTC; {use}"
    )


def _writer(settings: Settings) -> Iterator[Finding]:
    if not settings.home.exists():
        yield Finding("writer", "ok", "no warehouse yet")
        return
    try:
        with writer_lock(settings):
            yield Finding("writer", "ok", "no run is writing")
    except WriterBusyError as error:
        yield Finding("writer", "note", str(error), "wait for it, or `headway build --wait 60`")


def _release(settings: Settings) -> Iterator[Finding]:
    releases = list_releases(settings)
    current = next((r for r in releases if r.current), None)
    if current is None:
        yield Finding("release", "note", "no release yet", "run `headway build`")
        return
    try:
        verify_release(settings.releases / current.run_id)
        yield Finding("release", "ok", f"{current.run_id} is current and whole; {len(releases)} kept")
    except HeadwayError as error:
        yield Finding("release", "wrong", str(error), "run `headway rollback`, or `headway build --force`")


def _quarantine(settings: Settings) -> Iterator[Finding]:
    quarantined = Archive(settings).quarantined()
    if quarantined:
        yield Finding(
            "quarantine",
            "note",
            f"{len(quarantined)} payloads kept aside",
            f"read the reasons in {settings.home / 'quarantine'}",
        )
    else:
        yield Finding("quarantine", "ok", "empty")


def _keys() -> Iterator[Finding]:
    examined: set[str] = set()
    for dataset in datasets.DATASETS:
        secret = dataset.api.secret
        if secret and secret.variable not in examined:
            examined.add(secret.variable)
            yield Finding(f"{dataset.source_id} key", *examine_key(dataset))
