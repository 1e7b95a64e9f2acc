"""What is put in the place of dbt's functions gives what they give, and goes away again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.clients.jinja import MacroStack
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.build import quick_calls

# dbt_common is a dependency of dbt's and not of this project
base, events_of_dbt, loggers, kinds = (
    import_module(f"dbt_common.events.{name}") for name in ("base_types", "event_manager", "logger", "types")
)

#: packages of dbt itself, the first of which wins
INTERNAL = ["dbt_duckdb", "dbt"]
PACKAGES = [*INTERNAL, "headway", "other"]


def namespace(macros: dict[str, list[str]], package: str) -> tuple[MacroNamespace, dict[str, Any]]:
    """The macros of each package, as a node of `package` sees them, and the context that they are bound to."""
    context: dict[str, Any] = {}
    by_package = {
        name: {macro: SimpleNamespace(name=macro, package_name=name) for macro in of_package}
        for name, of_package in macros.items()
    }
    builder = MacroNamespaceBuilder("headway", package, MacroStack(), INTERNAL, SimpleNamespace())
    return builder.build_namespace(by_package, context), context  # type: ignore[arg-type]  # all that a macro needs here


def flat(names: MacroNamespace, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What ManifestContext.to_dict offers to a template of these macros; the rest of the context is left out."""
    with monkeypatch.context() as patched:
        patched.setattr("dbt.context.configured.ConfiguredContext.to_dict", lambda _: {})
        context = ManifestContext.__new__(ManifestContext)
        context.namespace = names
        return context.to_dict()


def whose(found: object) -> object:
    """Package and name of a macro, or of each macro of a package."""
    if isinstance(found, dict):
        return {name: whose(macro) for name, macro in found.items()}
    return found.macro.package_name, found.macro.name  # type: ignore[attr-defined]


@settings(deadline=None)  # the first example imports dbt
@given(
    macros=st.fixed_dictionaries(
        {}, optional={name: st.lists(st.sampled_from("abcd"), unique=True) for name in PACKAGES}
    ),
    package=st.sampled_from(PACKAGES),
)
def test_a_name_means_the_macro_that_dbt_would_take(macros: dict[str, list[str]], package: str) -> None:
    """Another order of the places would give a model another package's macro of the same name."""
    monkeypatch = pytest.MonkeyPatch()
    by_dbt = whose(flat(namespace(macros, package)[0], monkeypatch))
    with quick_calls.used():
        names, context = namespace(macros, package)
        ours = flat(names, monkeypatch)
    assert whose(ours) == by_dbt
    assert whose(dict(names)) == by_dbt
    assert all(macro.context is context for macro in ours.values() if not isinstance(macro, dict))


@pytest.fixture
def events(tmp_path: Path) -> Iterator[tuple[Any, Path, list[str]]]:
    """Events with a log of level info, the path of the log, and the messages that a callback was given."""
    manager, heard = events_of_dbt.EventManager(), list[str]()

    def hear(event: Any) -> None:
        heard.append(event.info.msg)

    config = loggers.LoggerConfig(
        name=f"log of {tmp_path}",
        level=base.EventLevel.INFO,
        line_format=loggers.LineFormat.DebugText,
        output_file_name=str(tmp_path / "dbt.log"),
    )
    manager.add_logger(config)
    manager.add_callback(hear)
    yield manager, tmp_path / "dbt.log", heard
    for handler in logging.getLogger(config.name).handlers:
        handler.close()


@pytest.mark.parametrize("told", [None, {"Note"}, {"NodeFinished"}])
def test_a_log_holds_what_it_would_hold(told: set[str] | None, events: tuple[Any, Path, list[str]]) -> None:
    """A warning or the text that a macro prints must not be lost with the lines that no log takes."""
    manager, log, heard = events
    with quick_calls.used(told):
        for level in base.EventLevel:
            manager.fire_event(kinds.Note(msg=f"of level {level.value}"), level=level)
        manager.fire_event(kinds.PrintEvent(msg="printed"), level=base.EventLevel.DEBUG)
    lines = log.read_text().splitlines()
    assert [line.rpartition("of level ")[2] for line in lines if "of level" in line] == [
        "info",
        "warn",
        "error",
    ]
    levels = [level.value for level in base.EventLevel]
    if told == {"NodeFinished"}:  # of events below the level of every log only these reach a callback
        levels = ["info", "warn", "error"]
    assert heard == [*(f"of level {level}" for level in levels), "printed"]
    assert "printed" in lines[-1]


def test_an_event_is_made_when_it_is_asked_for_something() -> None:
    """What a log or a callback reads of it must be what dbt would have told."""
    with quick_calls.used({"NodeFinished"}):
        unread, read, changed = (kinds.Note(msg="of a model") for _ in range(3))
        assert read.msg == "of a model" and read.to_dict() == {"msg": "of a model"}
        changed.msg = "of a test"
        assert changed.to_json() == '{"msg": "of a test"}'
        assert "pb_msg" not in vars(unread) and unread.message() == "of a model"
    assert "pb_msg" in vars(kinds.Note(msg="of a model"))


def test_dbt_is_itself_again_afterwards() -> None:
    """The test suite and `dbt` by hand use dbt as it is; an error inside must not leave a part of it behind."""
    before = (
        MacroNamespaceBuilder.build_namespace,
        ManifestContext.to_dict,
        events_of_dbt.EventManager.fire_event,
        *(vars(base.BaseEvent)[name] for name in ("__init__", "__getattr__", "__setattr__")),
    )
    with pytest.raises(RuntimeError), quick_calls.used({"NodeFinished"}):
        assert MacroNamespaceBuilder.build_namespace is not before[0]
        assert events_of_dbt.EventManager.fire_event is not before[2]
        raise RuntimeError
    assert before == (
        MacroNamespaceBuilder.build_namespace,
        ManifestContext.to_dict,
        events_of_dbt.EventManager.fire_event,
        *(vars(base.BaseEvent)[name] for name in ("__init__", "__getattr__", "__setattr__")),
    )
