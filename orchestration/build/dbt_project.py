"""The dbt project as dbt reads it: parsed, its data tests compiled, and both kept for as long as no file of it changes.

Belongs here: what identifies a state of the project, parsing it, where the result is kept.
Does not belong here: calling dbt (dbt_call.py), building (dbt_runner.py), running the tests (data_tests.py), the process that
parses while a build does other work (parse_ahead.py).

Parsing takes 13 s of processor time and compiling 716 tests 5 s (a machine that others use, November 2026); neither depends on the home or its figures. The
result is therefore kept beside the project, for every home of this clone, and copied into the home, where dbt and Dagster look
for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.errors import ReleaseError
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.build import data_tests, parse_ahead
from orchestration.build.dbt_call import environment, import_dbt, invoke

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: what a parse leaves: dbt's manifest as JSON, the same as dbt itself reads it fastest, and the SQL of the data tests
_PARTIAL = "partial_parse.msgpack"
MANIFEST = "manifest.json"
_MANIFEST = (MANIFEST, _PARTIAL)
_FILES = (*_MANIFEST, data_tests.COMPILED)
#: how far a parse has come
PARSED, COMPILED = "parsed", "compiled"
_STAMP = "project.sha256"
#: states of the project that are kept: two branches and the one before
_STATES_KEPT = 3


def project_hash(settings: Settings) -> str:
    """sha256 over names and contents of everything in dbt_project that dbt reads (and so not of bytecode that a test left)."""
    digest = hashlib.sha256()
    for path in sorted(settings.dbt_project.rglob("*")):
        relative = path.relative_to(settings.dbt_project)
        made = relative.parts[0] in ("target", "logs") or "__pycache__" in relative.parts
        if not made and relative.name != ".user.yml" and path.is_file():
            digest.update(str(relative).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def ensure_manifest(settings: Settings) -> Path:
    """The manifest of the project as it is now; parses only when a file of the project, or dbt, changed since a parse.

    Where a process parses ahead (parse_ahead.py), it is waited for until the manifest is there; its tests come later.
    Raises ReleaseError where the project cannot be parsed.
    """
    state = _state(settings)
    if _is_here(settings, state):
        return settings.dbt_manifest
    settings.dbt_target.mkdir(parents=True, exist_ok=True)
    (settings.dbt_target / _STAMP).unlink(missing_ok=True)
    ahead = parse_ahead.of(settings)
    if ahead is not None:
        report("transform", "reading the dbt project")
        import_dbt()
    if ahead is not None and ahead.reached(PARSED):
        _take(settings, ahead.folder, _MANIFEST)
        return settings.dbt_manifest
    if not _take_kept(settings, state):
        report("transform", "reading the dbt project")
        with tempfile.TemporaryDirectory(dir=settings.dbt_target.parent) as folder:
            for _ in parse_into(settings, Path(folder)):
                pass
            _take_all(settings, Path(folder), state)
    return settings.dbt_manifest


def ensure_tests(settings: Settings) -> None:
    """As ensure_manifest, and the compiled data tests are there too."""
    state = _state(settings)
    if _is_here(settings, state):
        return
    ahead = parse_ahead.of(settings)
    if ahead is not None and ahead.reached(COMPILED):
        _take_all(settings, ahead.folder, state)
        return
    parse_ahead.forget(settings)  # it failed: parsed here, it says why
    ensure_manifest(settings)


@contextmanager
def parsing_ahead(settings: Settings) -> Iterator[bool]:
    """Inside the block another process parses the project and compiles its tests, where no parse of it is kept; whether it does."""
    state = _state(settings)
    needed = not _is_here(settings, state) and not (_kept(settings) / state).exists()
    if not needed:
        yield False
        return
    with parse_ahead.started(settings):
        yield True


def _is_here(settings: Settings, state: str) -> bool:
    """Whether the home has all that a parse of this state leaves."""
    stamp = settings.dbt_target / _STAMP
    return (
        stamp.exists()
        and stamp.read_text() == state
        and all((settings.dbt_target / name).exists() for name in _FILES)
    )


def _take(settings: Settings, folder: Path, names: Sequence[str]) -> None:
    for name in names:
        shutil.copyfile(folder / name, settings.dbt_target / name)


def _take_all(settings: Settings, folder: Path, state: str) -> None:
    """Put what was parsed into the home, and keep it for others."""
    _take(settings, folder, _FILES)
    _keep(settings, state)
    (settings.dbt_target / _STAMP).write_text(state)


def _take_kept(settings: Settings, state: str) -> bool:
    """Put what another home parsed into this one; False where there is nothing of this state."""
    try:
        _take(settings, _kept(settings) / state, _FILES)
    except OSError:
        return False
    (settings.dbt_target / _STAMP).write_text(state)
    return True


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
    """What a parse depends on: the files, the versions that read them, where they are, which the manifest names, and what is kept of a test."""
    engines = [version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")]
    return hashlib.sha256(
        json.dumps([project_hash(settings), str(settings.dbt_project), engines, data_tests.FIELDS]).encode()
    ).hexdigest()


def parse_into(settings: Settings, folder: Path) -> Iterator[str]:
    """Parse the project, then compile its data tests, into `folder`; yields PARSED when the manifest is there, COMPILED when the
    tests are. Raises ReleaseError where the project cannot be parsed or a test cannot be compiled."""
    from dbt.contracts.graph.manifest import Manifest

    scratch = (
        folder / "scratch"
    )  # of its own: dbt leaves logs and summaries there that would pass for those of a build
    # dbt writes the JSON by a part of Python's encoder that is in Python: 2 s for these 5 MB, which the other part writes in 0.1 s
    outcome = invoke(settings, ["parse", "--no-write-json"], target=scratch)
    manifest = outcome.result
    if not outcome.success or not isinstance(manifest, Manifest):
        raise ReleaseError(f"the dbt project cannot be parsed: {outcome.exception}")
    listed = manifest.writable_manifest().to_dict(omit_none=False, context={"artifact": True})
    (folder / MANIFEST).write_text(json.dumps(listed), encoding="utf-8")
    (scratch / _PARTIAL).replace(folder / _PARTIAL)
    yield PARSED
    tests = [node for node in manifest.nodes.values() if node.resource_type == "test"]
    _compile(settings, manifest, tests)
    tables = {
        node.name: name for name, node in manifest.nodes.items() if node.resource_type in ("model", "seed")
    }
    data_tests.write(folder / data_tests.COMPILED, tests, tables)
    shutil.rmtree(scratch, ignore_errors=True)
    yield COMPILED


def _compile(settings: Settings, manifest: Manifest, nodes: Iterable[Any]) -> None:
    """Give each of `nodes`, tests of `manifest`, its compiled SQL (Any: dbt publishes no stable types of them).

    dbt's command `compile` gives the same text: it calls the same compiler, but spends as long again on a graph, a thread, three events and
    a file for each of 700 tests. Call it right after an invocation of dbt, which leaves its adapter and with it the settings of the project.
    Raises ReleaseError naming the test that cannot be compiled; one that asks a database for its own text is such a test.
    """
    from dbt.adapters.factory import get_adapter_by_type
    from dbt.compilation import Compiler

    adapter: Any = get_adapter_by_type("duckdb")
    compiler = Compiler(adapter.config)
    with environment(settings), _without_database(adapter):
        for node in nodes:
            try:
                compiler.compile_node(node, manifest, {}, write=False)
            except (
                Exception
            ) as error:  # whatever a macro does wrong: the name of the test is what a developer needs
                raise ReleaseError(
                    f"the data test {node.name} of the dbt project cannot be compiled: {error}"
                ) from error
            if not node.compiled_code:  # a test that nobody runs would pass for ever
                raise ReleaseError(f"dbt compiled no SQL for {node.unique_id}")


@contextmanager
def _without_database(adapter: Any) -> Iterator[None]:
    """Inside the block the adapter opens no connection: the text of a test is kept for every home, so none may depend on what one of them
    holds; and while a build runs, its database is not to be opened by another process."""

    def refused(*_: object, **__: object) -> None:
        raise RuntimeError("the SQL of a data test must not depend on what a database holds")

    adapter.connections.open = refused
    try:
        yield
    finally:
        del adapter.connections.open


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
