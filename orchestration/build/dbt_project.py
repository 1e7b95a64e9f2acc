"""The dbt project as dbt reads it: parsed, its data tests compiled, and both kept for as long as no file of it changes.

Belongs here: what identifies a state of the project, parsing it, where the result is kept.
Does not belong here: calling dbt (dbt_call.py), building (dbt_runner.py), running the tests (data_tests.py).

Parsing takes 7 s and compiling 460 tests 4 s (two idle cores, November 2026); neither depends on the home or its figures. The
result is therefore kept beside the project, for every home of this clone, and copied into the home, where dbt and Dagster look
for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.errors import ReleaseError
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.build import data_tests
from orchestration.build.dbt_call import invoke

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: what a parse leaves: dbt's manifest as JSON, the same as dbt itself reads it fastest, and the SQL of the data tests
_PARTIAL = "partial_parse.msgpack"
_FILES = ("manifest.json", _PARTIAL, data_tests.COMPILED)
_STAMP = "project.sha256"
#: states of the project that are kept: two branches and the one before
_STATES_KEPT = 3


def project_hash(settings: Settings) -> str:
    """sha256 over names and contents of everything in dbt_project that dbt reads."""
    digest = hashlib.sha256()
    for path in sorted(settings.dbt_project.rglob("*")):
        relative = path.relative_to(settings.dbt_project)
        if relative.parts[0] not in ("target", "logs") and relative.name != ".user.yml" and path.is_file():
            digest.update(str(relative).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def ensure_manifest(settings: Settings) -> Path:
    """The manifest of the project as it is now; parses only when a file of the project, or dbt, changed since a parse.

    Raises ReleaseError where the project cannot be parsed.
    """
    target, state = settings.dbt_target, _state(settings)
    stamp = target / _STAMP
    if stamp.exists() and stamp.read_text() == state and all((target / name).exists() for name in _FILES):
        return settings.dbt_manifest
    target.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    kept = _kept(settings) / state
    try:
        for name in _FILES:
            shutil.copyfile(kept / name, target / name)
    except OSError:
        _parse(settings)
        _keep(settings, state)
    stamp.write_text(state)
    return settings.dbt_manifest


def parsed(settings: Settings) -> Manifest:
    """What `ensure_manifest` parsed, as dbt takes it: reading it takes 0.5 s, comparing it with the files again 1.5 s."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    ensure_manifest(settings)
    manifest: Manifest = Manifest.from_msgpack(
        (settings.dbt_target / _PARTIAL).read_bytes(), decoder=extended_mashumuro_decoder
    )
    return manifest


def _state(settings: Settings) -> str:
    """What a parse depends on: the files, the versions that read them, and where they are, which the manifest names."""
    engines = [version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")]
    return hashlib.sha256(
        json.dumps([project_hash(settings), str(settings.dbt_project), engines]).encode()
    ).hexdigest()


def _parse(settings: Settings) -> None:
    """Parse the project and compile its data tests into the home's folder of artefacts."""
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.contracts.graph.manifest import Manifest

    report("transform", "reading the dbt project")
    outcome = invoke(settings, ["parse"])
    manifest = outcome.result
    if not outcome.success or not isinstance(manifest, Manifest):
        raise ReleaseError(f"the dbt project cannot be parsed: {outcome.exception}")
    # in a folder of its own, because a compilation too leaves results, which would pass for those of a build
    scratch = settings.dbt_target / "compiled_tests"
    outcome = invoke(
        settings,
        ["compile", "--select", "resource_type:test", "--no-populate-cache", "--no-introspect"],
        manifest=manifest,
        target=scratch,
    )
    if not outcome.success or not isinstance(outcome.result, RunExecutionResult):
        raise ReleaseError(f"the data tests of the dbt project cannot be compiled: {outcome.exception}")
    compiled = [result.node for result in outcome.result.results]
    declared = {name for name, node in manifest.nodes.items() if node.resource_type == "test"}
    if missing := declared - {
        node.unique_id for node in compiled
    }:  # a test that nobody runs would pass for ever
        raise ReleaseError(f"dbt compiled no SQL for {', '.join(sorted(missing))}")
    tables = {
        node.name: name for name, node in manifest.nodes.items() if node.resource_type in ("model", "seed")
    }
    data_tests.write(settings, compiled, tables)
    shutil.rmtree(scratch, ignore_errors=True)


def _keep(settings: Settings, state: str) -> None:
    """Leave what was parsed for other homes. Where the project cannot be written to, each home parses for itself."""
    kept = _kept(settings)
    temporary = kept / f".{state}.{os.getpid()}"
    with suppress(OSError):
        temporary.mkdir(parents=True)
        for name in _FILES:
            shutil.copyfile(settings.dbt_target / name, temporary / name)
        for old in list(_oldest_first(kept))[: -(_STATES_KEPT - 1)]:
            shutil.rmtree(old, ignore_errors=True)
        temporary.rename(kept / state)  # whole or not at all; fails where another home was faster
    shutil.rmtree(temporary, ignore_errors=True)


def _kept(settings: Settings) -> Path:
    return settings.dbt_project / "target" / "parsed"


def _oldest_first(kept: Path) -> Iterator[Path]:
    yield from sorted(
        (path for path in kept.iterdir() if not path.name.startswith(".")),
        key=lambda path: path.stat().st_mtime,
    )
