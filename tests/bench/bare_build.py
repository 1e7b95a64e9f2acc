"""What a build does, without dbt and Dagster: the same functions, the compiled SQL and the models in Python, one after the other.

Belongs here: the limit that a build is compared with. Does not belong here: timing, limits (bench_budget.py).

    python -m tests.bench.bare_build BUILT FOLDER

BUILT is a home in which a build has run: dbt's results hold the compiled SQL, and its store is not used. Everything is made in
FOLDER. Prints seconds by part as JSON. What is left out: contracts, comments, checks of the release, the log of the run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from orchestration.base.duck import literal
from orchestration.base.settings import PROJECT, Settings
from orchestration.build import data_tests
from orchestration.intake.figures.load import ingest_figures
from orchestration.intake.figures.manifest import read_manifest
from orchestration.release.contract import declared_keys


def main(built: str, folder: str) -> None:
    """Run all parts in `folder`."""
    os.environ["HEADWAY_HOME"] = folder  # where the models in Python look for kept statistics
    of_build, home = Settings.load(built), Settings.load(folder)
    home.build.mkdir(parents=True)
    parts: dict[str, float] = {}
    started = time.perf_counter()

    def done(part: str) -> None:
        nonlocal started
        now = time.perf_counter()
        parts[part], started = now - started, now

    for _ in ingest_figures(home, sorted(file["dataset"] for file in read_manifest(home.figures)["files"])):
        pass
    done("figures into the store")
    manifest = compiled_nodes(of_build)
    with duckdb.connect(str(home.build_database), config={"memory_limit": "1GB", "threads": 2}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"ATTACH {literal(home.store)} AS store (READ_ONLY)")
        con.execute(f"ATTACH {literal(of_build.build_database)} AS built (READ_ONLY)")
        made = {n: node for n, node in manifest.items() if node["resource_type"] in ("model", "seed")}
        for schema in sorted({node["schema"] for node in made.values()} - {"main"}):
            con.execute(f"CREATE SCHEMA {schema}")
        graph = {name: set(node["depends_on"].get("nodes", ())) & set(made) for name, node in made.items()}
        for name in TopologicalSorter(graph).static_order():
            make(con, made[name], made)
        con.execute("DETACH built")
        done("seeds and models")
        for test in data_tests.read(of_build):
            con.execute(test.sql).fetchall()
        done("data tests")
    publish(home, declared_keys(of_build.dbt_manifest))
    done("release")
    print(json.dumps(parts))


def compiled_nodes(built: Settings) -> dict[str, dict[str, Any]]:
    """The nodes of a build's manifest, with the SQL that dbt compiled for them: it is in dbt's results and not in the manifest."""
    nodes = json.loads(built.dbt_manifest.read_bytes())["nodes"]
    for result in json.loads((built.dbt_target / "run_results.json").read_bytes())["results"]:
        if result["unique_id"] in nodes:
            nodes[result["unique_id"]]["compiled_code"] = result["compiled_code"]
    return nodes


def make(con: duckdb.DuckDBPyConnection, node: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> None:
    """One model or seed. A seed is copied from the build: reading the small CSV files would be no other work."""
    place = f"{node['schema']}.{node['name']}"
    if node["resource_type"] == "seed":
        con.execute(f"CREATE TABLE {place} AS FROM built.{place}")
    elif node["language"] == "python":
        frame = model_of(node)(dbt_like(con, nodes), con)
        con.register("frame_of_model", frame)
        con.execute(f"CREATE TABLE {place} AS FROM frame_of_model")
        con.unregister("frame_of_model")
    elif node["config"]["materialized"] == "view":
        con.execute(f"CREATE VIEW {place} AS {node['compiled_code']}")
    else:
        con.execute(f"CREATE TABLE {place} AS {node['compiled_code']}")
    if node["name"] == "public_macro":
        for (statement,) in con.execute(f"SELECT create_sql FROM {place}").fetchall():
            con.execute(statement)


def model_of(node: dict[str, Any]) -> Any:
    """The function `model` of a model in Python."""
    path = PROJECT / "dbt_project" / node["original_file_path"]
    spec = importlib.util.spec_from_file_location(node["name"], path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.model


def dbt_like(con: duckdb.DuckDBPyConnection, nodes: dict[str, dict[str, Any]]) -> SimpleNamespace:
    """What a model in Python asks of dbt: its settings are ignored, a reference is a relation."""
    schema = {node["name"]: node["schema"] for node in nodes.values()}
    return SimpleNamespace(config=lambda **_: None, ref=lambda name: con.sql(f"FROM {schema[name]}.{name}"))


def publish(home: Settings, keys: dict[str, tuple[str, ...]]) -> None:
    """The released file and its Parquet files, with their digests; neither checked nor recorded."""
    from orchestration.base.files import sha256_of
    from orchestration.base.public_table import describe
    from orchestration.release import datapackage, public_file

    staging = home.home / "staging"
    staging.mkdir()
    public_file.assemble(home.build_database, staging / "headway.duckdb", keys=keys)
    with public_file.open_finished(staging / "headway.duckdb") as con:
        datapackage.write_parquet(con, describe(con, keys), staging / "parquet")
    for path in staging.rglob("*.*"):
        if path.is_file():
            sha256_of(path)


if __name__ == "__main__":
    main(sys.argv[1], str(Path(sys.argv[2]).resolve()))
