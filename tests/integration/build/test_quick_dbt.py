"""The parser that a build runs ahead, and dbt as a build uses it, against dbt itself, on a project of two models with tests of every kind.

Prevents: a release made from a manifest, or checked by a test, that `dbt build` by hand would not have; a mistake in the project that
only dbt itself would find; tables, or results of models, that `dbt build` by hand would not make.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestration.base.settings import PROJECT

#: parses and compiles projects into folders, given in turn after the first argument, which says how, and writes what was said of each
PARSE = """
import json, sys
from pathlib import Path
from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.build import quick_dbt
from orchestration.build.dbt_call import invoke
from orchestration.build.dbt_project import parse_into, parsed
how, said = sys.argv[1], []
if how == "quick":
    quick_dbt.install()
for project, target in zip(sys.argv[2::2], map(Path, sys.argv[3::2])):
    settings = Settings(Path(project), target)
    try:
        for stage in parse_into(settings, target):
            pass
        said.append(None)
    except ReleaseError as error:
        said.append(str(error))
if how == "plain":  # dbt's own command, whose text is the measure
    tests = ["compile", "--select", "resource_type:test", "--no-populate-cache", "--no-introspect"]
    outcome = invoke(settings, tests, target=target / "by_dbt")
    sql = {r.node.unique_id: r.node.compiled_code for r in outcome.result.results}
    (target / "by_dbt.json").write_text(json.dumps(sql))
print(json.dumps(said))
"""

FILES = {
    "dbt_project.yml": """
name: small
version: "1.0"
profile: headway
macro-paths: [macros]
flags: {require_generic_test_arguments_property: true, send_anonymous_usage_stats: false}
""",
    "profiles.yml": """
headway:
  target: build
  outputs:
    build: {type: duckdb, path: "{{ env_var('HEADWAY_HOME') }}/build/headway.duckdb", threads: 2}
""",
    "macros/positive.sql": """
{% test positive(model, column_name, above=0) %}
select * from {{ model }} where {{ column_name }} <= {{ above }}
{% endtest %}
""",
    "models/one.sql": "{{ config(materialized='table') }} select 1 as id, 'a' as kind",
    "models/two.sql": "select id, kind from {{ ref('one') }}",
    "models/models.yml": """
models:
  - name: one
    description: "The first: {{ doc('words') }}"
    config: {contract: {enforced: true}}
    columns:
      - name: id
        data_type: integer
        description: a number
        data_tests: [unique, not_null, positive, {positive: {name: above_minus_one, arguments: {above: -1}}}]
      - name: kind
        data_type: varchar
        data_tests: [{accepted_values: {arguments: {values: [a, b]}, config: {severity: warn, where: "id > 0"}}}]
  - name: two
    columns:
      - name: id
        data_tests: [{relationships: {arguments: {to: ref('one'), field: id}}}]
""",
    "models/words.md": "{% docs words %}of two{% enddocs %}",
    "tests/none_is_missing.sql": "select * from {{ ref('one') }} left join {{ ref('two') }} using (id) where two.id is null",
}


def written(project: Path, **more: str) -> Path:
    for name, text in {**FILES, **more}.items():
        path = project / "dbt_project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


def run(script: str, *arguments: object) -> Any:
    """What a script prints in its last line, as JSON. In a process of its own: what is put in the place of dbt's functions stays until its end."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def without_times(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest but for the moments at which it was made."""
    text = json.dumps({key: value for key, value in manifest.items() if key != "metadata"})
    return json.loads(text, object_hook=lambda d: {k: v for k, v in d.items() if k != "created_at"})


#: A configuration of the wrong type, at which a validator of dbt must look, quick or not; a test whose text depends on a database, which
#: another home would not have. With what is said of it.
MISTAKES = {
    "cannot be parsed": {"models/more.yml": "models: [{name: two, config: {materialized: [7]}}]"},
    "asks": {"tests/asks.sql": "{{ run_query('select 1').rows }} select 1 where false"},
}


def test_the_quick_parse_gives_what_dbt_gives_and_finds_mistakes_as_well(tmp_path: Path) -> None:
    """Nodes, columns, configurations and tests alike; of each test the SQL that `dbt compile` writes. One process for all that is parsed in
    one way, because dbt is imported in a second and a half."""
    whole = written(tmp_path / "whole")
    wrong = [written(tmp_path / name, **files) for name, files in MISTAKES.items()]
    targets = {project: tmp_path / "parsed" / project.name for project in (whole, *wrong)}
    quick, plain = targets[whole], tmp_path / "plain"
    for target in (*targets.values(), plain):
        target.mkdir(parents=True)
    told_of_whole, *told = run(PARSE, "quick", *(place for pair in targets.items() for place in pair))
    assert told_of_whole is None and run(PARSE, "plain", whole, plain) == [None]
    for name, said in zip(MISTAKES, told, strict=True):
        assert name in said
        assert not (tmp_path / "parsed" / name / "build").exists()
    manifests = [json.loads((target / "manifest.json").read_bytes()) for target in (quick, plain)]
    assert without_times(manifests[0]) == without_times(manifests[1])
    tests = {test["unique_id"]: test for test in json.loads((quick / "data_tests.json").read_bytes())}
    by_dbt = json.loads((plain / "by_dbt.json").read_bytes())
    assert len(by_dbt) == 7 and tests.keys() == by_dbt.keys()
    assert all(by_dbt[name] in test["sql"] for name, test in tests.items())


#: builds the project of its first argument twice into each of two folders, where the second time replaces what is there: as a build calls dbt,
#: and as dbt is
BUILD = """
import json, sys
from contextlib import nullcontext
from pathlib import Path
import duckdb
from orchestration.base.settings import Settings
from orchestration.build import quick_calls
from orchestration.build.dbt_call import invoke
found = []
for how, target in zip(("quick", "plain"), map(Path, sys.argv[2:])):
    settings, told, said = Settings(Path(sys.argv[1]), target), [], []
    settings.build.mkdir()
    for run in range(2):
        with quick_calls.used({"NodeFinished"}) if how == "quick" else nullcontext():
            outcome = invoke(settings, ["build"], callbacks=[lambda e: told.append((e.info.name, e.data.node_info.node_name)) if e.info.name == "NodeFinished" else None])
        said += sorted((r.node.name, str(r.status), r.message) for r in outcome.result.results)
    with duckdb.connect(str(settings.build_database)) as con:
        tables = con.execute("select table_schema, table_name, table_type from information_schema.tables order by all").fetchall()
        rows = {name: con.execute(f"from {schema}.{name} order by all").fetchall() for schema, name, _ in tables}
        comments = con.execute("select table_name, comment from duckdb_tables() order by all").fetchall()
    found.append(json.loads(json.dumps([said, sorted(told), tables, rows, comments]).replace(str(target), "HOME")))
print(json.dumps(found))
"""


def test_a_build_gives_what_dbt_gives(tmp_path: Path) -> None:
    """Results, tables, views and comments alike, where they are made and where they replace those of a build before; a model that fails says so."""
    fails = "{{ config(materialized='table') }} select error('no rate for 1930') as id, 1 as n"
    project = written(tmp_path / "project", **{"models/fails.sql": fails, "seeds/few.csv": "id,kind\n1,a\n"})
    targets = [tmp_path / how for how in ("quick", "plain")]
    for target in targets:
        target.mkdir()
    quick, plain = run(BUILD, project, *targets)
    assert quick == plain
    said, told, tables, *_ = quick
    assert len(told) == len(said) and {"one", "two", "few"} <= {name for _, name, _ in tables}
