"""Models of the dbt project on tables filled by hand.

Belongs here: compiling some models, running them in their order, SQL and Python alike.
Does not belong here: assertions, the tables that a test fills.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.settings import PROJECT, Settings
from orchestration.build.dbt_call import invoke
from orchestration.build.dbt_project import parsed
from orchestration.store.opened import open_store

#: name of a model, its relation, and its compiled SQL; None for a model in Python
Model = tuple[str, str, str | None]

#: of a database of a few hundred rows: further threads would have nothing to do, and cost processor time to find that out
SMALL = {"threads": 1}


def compiled(home: Path, names: Sequence[str]) -> list[Model]:
    """The models called `names`, in that order, compiled in a home of their own. The project is not parsed for it where a build of
    this clone has done so, which takes ten seconds."""
    config = Settings(project=PROJECT, home=home)
    config.build.mkdir(parents=True)
    with open_store(config.store):
        pass
    done = invoke(config, ["compile", "--select", *names], manifest=parsed(config), target=home / "compiled")
    assert done.success, done.exception or done.result
    nodes = {r.node.name: r.node for r in done.result}
    return [
        (
            name,
            nodes[name].relation_name,
            nodes[name].compiled_code if nodes[name].language == "sql" else None,
        )
        for name in names
    ]


@dataclass(frozen=True)
class _Dbt:
    """What dbt hands to a model in Python."""

    con: duckdb.DuckDBPyConnection

    def config(self, **_: Any) -> None:
        pass

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        return self.con.sql(f"FROM intermediate.{name}")


def build(con: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> None:
    """Make each model a table, in order; what they read must be there in the database in use."""
    for name, relation, sql in models:
        if sql is not None:
            con.execute(f"CREATE TABLE {relation} AS {sql}")
            continue
        path = PROJECT / "dbt_project" / "models" / "intermediate" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        frame = module.model(_Dbt(con), con)
        con.register("of_python", frame)
        con.execute(f"CREATE TABLE {relation} AS FROM of_python")
        con.unregister("of_python")
