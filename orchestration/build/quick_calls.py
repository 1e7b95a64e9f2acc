"""Work that dbt does again for each node, done once or left out: the same results, with a quarter less of its own processor time.

Belongs here: what is put in the place of functions of dbt's libraries while a build or a parse uses them, and why nothing else changes.
Does not belong here: what only a parser does (quick_dbt.py), calling dbt (dbt_call.py).

dbt-core 1.11 spends 74 ms of processor time of its own on a model or seed (138 of them, two cores in use by others), and 50 ms with this; a
parse takes 16.2 s and not 18.0. It goes to the names of 700 macros, which dbt looks up one by one in five places for each of two or three
contexts of a node, and to 25 events a node, for which it makes messages and lines of a log that takes none below its level.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from typing import Any
from unittest.mock import patch

#: dbt's names of levels -> Python's
_LEVELS = {
    "test": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


@contextmanager
def used(told: Collection[str] | None = None) -> Iterator[None]:
    """Inside the block dbt makes less of a fuss. told: names of the events that callbacks want; None: all events.

    A version of a library that lacks one of the functions stays as it is.
    """
    with ExitStack() as stack:
        for module, name, made in (
            ("dbt.context.macros", "MacroNamespaceBuilder.build_namespace", lambda _: _namespace),
            ("dbt.context.manifest", "ManifestContext.to_dict", lambda _: _context),
            ("dbt_common.events.logger", "_Logger.write_line", _written),
            ("dbt_common.clients.agate_helper", "empty_table", cache),
            ("dbt.adapters.sql.impl", "SQLAdapter.drop_relation", _dropped),
            ("dbt.adapters.sql.impl", "SQLAdapter.rename_relation", _renamed),
            *(_QUIET if told else ()),
            *([("dbt_common.events.event_manager", "EventManager.fire_event", _fired(told))] if told else []),
        ):
            *path, attribute = name.split(".")
            place: Any = import_module(module)
            for part in path:
                place = getattr(place, part, None)
            if hasattr(place, attribute):
                stack.enter_context(patch.object(place, attribute, made(getattr(place, attribute))))
        yield


def _namespace(self: Any, macros_by_package: Mapping[str, Mapping[str, Any]], context: dict[str, Any]) -> Any:
    """All macros, each bound to this context: as dbt's own, which asks of every macro anew what only its package decides."""
    macros: Any = import_module("dbt.context.macros")
    generator: Any = import_module("dbt.clients.jinja").MacroGenerator
    node, stack = self.node, self.thread_ctx
    for package, of_package in macros_by_package.items():
        if not of_package:  # it has no name in dbt either
            continue
        bound = {name: generator(macro, context, node, stack) for name, macro in of_package.items()}
        if package in self.internal_package_names:
            self.internal_packages[package] = bound
            continue
        self.packages[package] = bound
        if package == self.search_package:
            self.locals.update(bound)
        elif package == self.root_package:
            self.globals.update(bound)
    internal: dict[str, Any] = {}
    for package in reversed(self.internal_package_names_order):  # the first of them wins
        internal.update(self.internal_packages.get(package, {}))
    return macros.MacroNamespace(
        global_namespace=self.globals,
        local_namespace=self.locals,
        global_project_namespace=internal,
        packages=self.packages,
    )


def _context(self: Any) -> dict[str, Any]:
    """ManifestContext.to_dict, with the places of macros in the order in which dbt searches them, the last one first."""
    contexts: Any = import_module("dbt.context.manifest")
    macros: Any = import_module("dbt.context.macros")
    found: dict[str, Any] = contexts.ConfiguredContext.to_dict(self)
    names = self.namespace
    if isinstance(names, contexts.TestMacroNamespace):
        found.update(names.local_namespace)
        found.update(names.project_namespace)
        return found
    found.update(names.global_project_namespace)
    found[macros.GLOBAL_PROJECT_NAME] = names.global_project_namespace
    for place in (names.packages, names.global_namespace, names.local_namespace):
        found.update(place)
    return found


def _written(write_line: Any) -> Any:
    """A line below the level of its log is not made: dbt makes it, searches it for secrets, and its log then drops it."""
    events: Any = import_module("dbt_common.events.logger")

    def written(self: Any, msg: Any) -> None:
        log, level = self._python_logger, _LEVELS.get(msg.info.level)
        # what a macro prints goes out whatever the level
        is_dropped = log is not None and level is not None and not log.isEnabledFor(level)
        if not is_dropped or msg.info.name in events.PRINT_EVENT_NAMES:
            write_line(self, msg)

    return written


def _dropped(drop_relation: Any) -> Any:
    """A statement of one line is not worth a context of 900 names in which a template of it is rendered: 13 ms each, twice a table."""

    def dropped(self: Any, relation: Any) -> None:
        if self.type() != "duckdb" or relation.type is None or self.is_ducklake(relation):
            drop_relation(self, relation)
            return
        self.cache_dropped(relation)
        self.execute(f"drop {relation.type} if exists {relation} cascade")

    return dropped


def _renamed(rename_relation: Any) -> Any:
    """As _dropped: what duckdb__rename_relation says."""

    def renamed(self: Any, from_relation: Any, to_relation: Any) -> None:
        if self.type() != "duckdb":
            rename_relation(self, from_relation, to_relation)
            return
        self.cache_renamed(from_relation, to_relation)
        name = self.quote_as_configured(to_relation.identifier, "identifier")
        self.execute(f"alter {to_relation.type} {from_relation} rename to {name}", auto_begin=True)

    return renamed


def _kept(_: Any) -> Any:
    """An event keeps what it is made of. dbt makes a message of it at once, of which most are never read: 4 ms for each model."""

    def kept(self: Any, *args: Any, **kwargs: Any) -> None:
        self.__dict__["made_of"] = (args, kwargs)

    return kept


def _made_when_asked(method: Any) -> Any:
    """A method of an event (its __getattr__ or __setattr__), before which the event is made. It is called for what only a made one has."""
    init = import_module("dbt_common.events.base_types").BaseEvent.__init__

    def made(self: Any, *args: Any) -> Any:
        made_of = self.__dict__.pop("made_of", None)
        if made_of is not None:
            init(self, *made_of[0], **made_of[1])
        return method(self, *args)

    return made


_EVENTS = "dbt_common.events.base_types"
#: what makes an event only when it is asked for something; the methods first, which need the __init__ that is dbt's own
_QUIET = (
    (_EVENTS, "BaseEvent.__getattr__", _made_when_asked),
    (_EVENTS, "BaseEvent.__setattr__", _made_when_asked),
    (_EVENTS, "BaseEvent.__init__", _kept),
)


def _fired(told: Collection[str]) -> Any:
    """An event for developers of dbt becomes no message where no log takes it and no callback waits for it."""

    events: Any = import_module("dbt_common.events.logger")
    wanted = {*told, *events.PRINT_EVENT_NAMES}

    def wrapped(fire_event: Any) -> Any:
        def fired(self: Any, e: Any, level: Any = None, *args: Any, **kwargs: Any) -> None:
            if (level or e.level_tag()) in ("debug", "test") and type(e).__name__ not in wanted:
                logs = [logger._python_logger for logger in self.loggers]
                if not any(log is None or log.isEnabledFor(logging.DEBUG) for log in logs):
                    return
            fire_event(self, e, level, *args, **kwargs)

        return fired

    return wrapped
