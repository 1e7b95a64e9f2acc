"""Releases: what is in the public file, what stops a release, and which one readers get."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import duckdb
import pytest
from frictionless import Package

from orchestration.base.errors import ReleaseError, UsageError
from orchestration.base.settings import RELEASES_KEPT, Settings
from orchestration.build import fingerprint
from orchestration.release import contract, datapackage
from orchestration.release import folders as release
from orchestration.release.contract import CheckResult
from orchestration.store.tables import open_store
from tests.support import release_case
from tests.support.release_case import write_build


def publish(home: Settings, **options: object) -> release.Release:
    chosen = {
        "inputs": {"payloads": 1},
        "keys": release_case.KEYS,
        "contract": release_case.CONTRACT,
        **options,
    }
    return release.publish(home, run_id=release.new_run_id(), **chosen)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An empty home whose path has a space and a quote."""
    return release_case.settings(tmp_path / "the user's home")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with one release; tests only read it."""
    settings = release_case.settings(tmp_path_factory.mktemp("published"))
    write_build(settings, 7)
    publish(settings)
    return settings


def read(home: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(home.current_database), read_only=True) as con:
        return con.execute(query).fetchall()


def version(home: Settings) -> int:
    return read(home, "SELECT DISTINCT built_as FROM fct_observation")[0][0]


# --- the public file ---


def test_no_value_is_lost_or_changed_on_the_way_into_the_release(published: Settings):
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{published.build_database}' AS headway (READ_ONLY)")
        con.execute(f"ATTACH '{published.current_database}' AS public (READ_ONLY)")
        for table in ("dim_source", "dim_series", "fct_observation_vintage", "fct_observation"):
            for this, other in (("headway", "public"), ("public", "headway")):
                assert (
                    con.execute(f"FROM {this}.main.{table} EXCEPT ALL FROM {other}.main.{table}").fetchall()
                    == []
                )
    assert read(published, "SELECT period_start::VARCHAR, value FROM fct_observation ORDER BY 1") == [
        *release_case.EMPLOYMENT
    ]


def test_staging_and_other_schemas_stay_behind(published: Settings):
    schemas = read(
        published,
        "SELECT DISTINCT schema_name FROM duckdb_schemas() WHERE NOT internal OR schema_name = 'main'",
    )
    assert schemas == [("main",)]
    names = read(
        published,
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() ORDER BY 1",
    )
    assert [n for (n,) in names] == [
        "a_first_alphabetically",
        "dim_series",
        "dim_source",
        "fct_observation",
        "fct_observation_vintage",
    ]


def test_rows_lie_sorted_by_key_so_that_a_filter_can_skip_row_groups(published: Settings):
    stored = read(published, "SELECT period_start FROM fct_observation_vintage")
    assert stored == sorted(stored)


def test_constraints_survive_so_that_a_client_knows_what_cannot_be_null(published: Settings):
    nullable = dict(
        read(
            published,
            "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = 'fct_observation_vintage'",
        )
    )
    assert nullable == {
        "series_id": False,
        "period_start": False,
        "value": True,
        "status": False,
        "known_from": False,
        "built_as": False,
    }
    assert ("dim_series", "PRIMARY KEY") in read(
        published, "SELECT table_name, constraint_type FROM duckdb_constraints()"
    )


@pytest.mark.parametrize("client", ["1.4", "1.5"])
def test_older_clients_read_views_macros_and_comments_of_a_renamed_copy(
    published: Settings, tmp_path: Path, duckdb_clients, client: str
):
    """An analyst copies the file and opens it with the client of last year: the 2.0 storage format would be refused,
    and a macro that names the database `headway` would fail under the new file name."""
    copy = tmp_path / "my copy.duckdb"
    shutil.copyfile(published.current_database, copy)
    ran, count, latest, window, named, comments, macro = duckdb_clients[client](
        copy,
        "SELECT version()",
        "SELECT n FROM a_first_alphabetically",
        "SELECT value FROM as_of(DATE '2017-05-05') ORDER BY period_start",
        "SELECT month_offset, value, label, persons FROM event_window('2017-02-01', 'usa_employment_manufacturing') "
        "ORDER BY 1",
        "SELECT month_offset FROM event_window('2017-02-01', 'usa_employment_manufacturing', months := 0)",
        "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal AND comment IS NULL",
        "SELECT comment FROM duckdb_functions() WHERE function_name = 'as_of'",
    )
    assert ran[0][0].startswith(f"v{client}")
    assert count == [[3]]
    assert latest == [[12369.0], [12391.0], [12403.0]]
    assert window == [[i - 1, v, "a, b := c", v * 1000] for i, (_, v) in enumerate(release_case.EMPLOYMENT)]
    assert named == [[0]]
    assert comments == [[0]]
    assert macro == [["The latest vintage known at the end of a day"]]


def test_nothing_is_known_before_its_vintage(published: Settings):
    assert read(published, "FROM as_of(DATE '2017-05-04')") == []


@pytest.mark.parametrize(
    "default",
    ["12", "-1.5", "NULL", "'it''s'", "'a) AS TABLE (SELECT'", "DATE '2017-05-18'", "[1, 2]", "NULL::DATE"],
)
def test_default_arguments_of_macros_survive(home: Settings, default: str):
    """duckdb_functions() does not show defaults: a copy made from it would lose them."""
    write_build(home, sql=f"CREATE MACRO main.m(a, b := {default}, c := 3) AS TABLE SELECT a, b, c")
    publish(home)
    expected = duckdb.execute(f"SELECT 'x', {default}, 3").fetchall()
    assert read(home, "FROM m('x')") == expected


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE VIEW main.v AS FROM staging.stg_more", "staging.stg_more"),
        ("CREATE MACRO main.m() AS TABLE FROM staging.stg_more", "staging.stg_more"),
        ("CREATE MACRO main.m() AS TABLE FROM headway.staging.stg_more", "headway.staging.stg_more"),
        ("CREATE MACRO main.m() AS (SELECT max(x) FROM staging.stg_more)", "staging.stg_more"),
        (
            "CREATE MACRO main.m(n) AS TABLE WITH q AS (SELECT 1) FROM q WHERE n IN (FROM staging.stg_more)",
            "staging.stg_more",
        ),
        # the name of a common table expression covers its own query only
        (
            "SET search_path = 'main,staging'; CREATE MACRO main.m() AS TABLE "
            "SELECT * FROM (WITH stg_more AS (SELECT 2 AS x) FROM stg_more) UNION ALL FROM stg_more",
            "stg_more",
        ),
        ("CREATE MACRO main.m() AS TABLE FROM store.raw.observation", "store.raw.observation"),
        ("CREATE MACRO main.m(file) AS TABLE FROM read_parquet(file)", "read_parquet()"),
        ("CREATE MACRO main.m(t) AS TABLE FROM query_table(t)", "query_table()"),
    ],
)
def test_a_view_or_macro_that_would_reach_outside_the_file_stops_the_release(
    home: Settings, sql: str, named: str
):
    write_build(home, 1)
    first = publish(home)
    write_build(home, 2, sql="CREATE TABLE staging.stg_more AS SELECT 1 AS x; " + sql)
    with pytest.raises(ReleaseError, match="refers to " + named.replace("(", r"\(").replace(")", r"\)")):
        publish(home)
    assert release.current_release(home) == first


def test_own_tables_may_be_named_in_full(home: Settings, tmp_path: Path):
    """`headway.main.t.column` is what dbt and careful authors write; it must neither be refused nor left in a macro,
    where it would fail under another file name."""
    write_build(
        home,
        sql="CREATE MACRO main.m(k) AS TABLE WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE "
        "i < k) SELECT headway.main.dim_series.title, headway.main.thousandfold(n.i) AS j "
        "FROM headway.main.dim_series, n, range(1) ORDER BY j",
    )
    publish(home)
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(home.current_database, copy)
    with duckdb.connect(str(copy), read_only=True) as con:
        assert con.execute("SELECT j FROM m(3)").fetchall() == [(1000,), (2000,), (3000,)]


# --- what stops a release ---

BROKEN = {
    "contract table missing": (
        "DROP VIEW main.a_first_alphabetically; DROP VIEW main.fct_observation; DROP MACRO TABLE main.event_window",
        "fct_observation is missing",
    ),
    "contract table empty": ("DELETE FROM main.dim_source", "dim_source is empty"),
    "column without comment": (
        "COMMENT ON COLUMN main.dim_series.title IS NULL",
        "comment: dim_series.title",
    ),
    "view without comment": ("COMMENT ON VIEW main.fct_observation IS NULL", "comment: fct_observation"),
    "key with a null": (
        "ALTER TABLE main.fct_observation_vintage ALTER period_start DROP NOT NULL; "
        "UPDATE main.fct_observation_vintage SET period_start = NULL WHERE value = 12403",
        r"fct_observation has 1 rows with null in \(series_id, period_start\)",
    ),
    "macro without an answer": (
        "UPDATE main.fct_observation_vintage SET known_from = '2999-01-01'",
        "as_of gives no row",
    ),
    "contract macro missing": ("DROP MACRO TABLE main.as_of", "as_of: Catalog Error"),
    "type that Parquet would change": (
        "ALTER TABLE main.dim_series ADD COLUMN n HUGEINT; COMMENT ON COLUMN main.dim_series.n IS 'n'",
        "dim_series.n has type HUGEINT",
    ),
}


@pytest.mark.parametrize(("sql", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_build_never_becomes_current(home: Settings, sql: str, reason: str):
    write_build(home, 1)
    first = publish(home)
    write_build(home, 2, sql=sql)
    with pytest.raises(ReleaseError, match=reason):
        publish(home)
    assert release.current_release(home) == first
    assert version(home) == 1
    assert [p.name for p in home.releases.iterdir()] == [first.run_id], "the failed release left files"
    failure = json.loads((home.build / "last_failure.json").read_text())
    assert reason.split("\\")[0].split("(")[0].strip() in failure["reason"]


def test_a_duplicate_key_is_found_where_no_constraint_declares_it(home: Settings):
    write_build(
        home, sql="INSERT INTO main.fct_observation_vintage FROM main.fct_observation_vintage LIMIT 1"
    )
    keys = {"fct_observation_vintage": ("series_id", "period_start", "known_from")}
    with pytest.raises(ReleaseError, match="1 rows that repeat"):
        publish(home, keys=keys)


def test_a_failed_test_of_the_build_stops_the_release_before_anything_is_written(home: Settings):
    write_build(home)
    failed = CheckResult("unique_fct_observation", "fail", "3 rows")
    with pytest.raises(ReleaseError, match="unique_fct_observation: 3 rows"):
        publish(home, checks=[CheckResult("not_null", "pass"), failed])
    assert not home.current.exists()
    note = json.loads((home.build / "last_failure.json").read_text())
    assert failed.as_dict() in note["checks"]


def test_a_release_after_a_failed_one_clears_the_recorded_failure(home: Settings):
    write_build(home)
    with pytest.raises(ReleaseError):
        publish(home, checks=[CheckResult("x", "fail")])
    publish(home)
    assert not (home.build / "last_failure.json").exists()


def test_without_a_build_the_message_says_so(home: Settings):
    with pytest.raises(ReleaseError, match=r"headway\.duckdb does not exist: nothing was built"):
        publish(home)


def test_a_fact_that_loses_rows_stops_the_release_unless_allowed(home: Settings):
    """A join that drops a third of a table passes every row-level test."""
    write_build(home, 1, months=3)
    publish(home)
    write_build(home, 2, months=2)
    with pytest.raises(ReleaseError, match="fct_observation: 3 rows in the current release, 2 now"):
        publish(home)
    assert version(home) == 1
    allowed = publish(home, allow_shrink=True)
    assert version(home) == 2
    assert [c.outcome for c in allowed.checks if "lost" in c.name] == ["warn"]


def test_a_fact_that_disappears_counts_as_losing_all_its_rows(home: Settings):
    write_build(home, 1, sql="CREATE TABLE main.fct_extra (a INT); INSERT INTO main.fct_extra VALUES (1); "
                "COMMENT ON TABLE main.fct_extra IS 'x'; COMMENT ON COLUMN main.fct_extra.a IS 'x'")  # fmt: skip
    publish(home)
    write_build(home, 2)
    with pytest.raises(ReleaseError, match="fct_extra: 1 rows in the current release, 0 now"):
        publish(home)


def test_a_report_may_shrink_with_a_warning(home: Settings):
    report = (
        "CREATE TABLE main.rpt_x AS FROM range({}) t(n); "
        "COMMENT ON TABLE main.rpt_x IS 'x'; COMMENT ON COLUMN main.rpt_x.n IS 'n'"
    )
    write_build(home, 1, sql=report.format(100))
    publish(home)
    write_build(home, 2, sql=report.format(89))
    assert [c.detail for c in publish(home).checks if c.outcome == "warn"] == [
        "rpt_x: 100 rows in the current release, 89 now"
    ]


# --- Parquet, datapackage.json, release.json ---


def test_datapackage_is_valid_and_describes_what_is_there(published: Settings):
    descriptor = json.loads((published.current / "datapackage.json").read_text())
    assert list(Package.metadata_validate(descriptor)) == []
    resources = {r["name"]: r for r in descriptor["resources"]}
    assert {p.stem for p in (published.current / "parquet").iterdir()} == set(resources)
    for resource in resources.values():
        content = (published.current / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
        columns = duckdb.execute(f"DESCRIBE FROM '{published.current / resource['path']}'").fetchall()
        assert [f["name"] for f in resource["schema"]["fields"]] == [c[0] for c in columns]
    fields = {f["name"]: f for f in resources["dim_series"]["schema"]["fields"]}
    assert {n: f["type"] for n, f in fields.items()} == {
        "series_id": "string",
        "title": "string",
        "topics": "array",
        "span": "object",
        "built_as": "integer",
    }
    assert fields["title"]["constraints"] == {"required": True}
    assert fields["topics"]["description"] == "what topics is"
    assert resources["dim_series"]["schema"]["primaryKey"] == ["series_id"]
    assert resources["fct_observation"]["schema"]["primaryKey"] == ["series_id", "period_start"]
    assert descriptor["licenses"] == [{"title": "public domain", "path": "https://www.bls.gov/ces/"}]


def test_every_duckdb_type_has_a_field_type_or_is_refused():
    """A type forgotten in the mapping must stop the release, not be published as something else."""
    types = [
        t
        for (t,) in duckdb.execute(
            "SELECT DISTINCT logical_type FROM duckdb_types() WHERE database_name = 'system'"
        ).fetchall()
    ]
    assert len(types) > 20
    for name in types:
        try:
            assert datapackage.field_type("t", "c", name) in {
                *("string", "number", "integer", "boolean", "object", "array"),
                *("date", "datetime", "time"),
            }
        except ReleaseError as error:
            assert f"t.c has type {name}" in str(error)
    assert datapackage.field_type("t", "c", "STRUCT(a VARCHAR, b DECIMAL(3, 1))[]") == "array"
    assert datapackage.field_type("t", "c", "DECIMAL(18,3)") == "number"
    assert datapackage.field_type("t", "c", "ENUM('a (b)', 'c')") == "string"


def test_release_json_states_inputs_checks_rows_and_hashes(home: Settings):
    write_build(home)
    made = publish(home, inputs={"payloads": 4, "figures": "ab" * 32}, fingerprint="f" * 64)
    record = json.loads((home.current / "release.json").read_text())
    content = home.current_database.read_bytes()
    assert record["files"]["headway.duckdb"] == {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert record["inputs"] == {"payloads": 4, "figures": "ab" * 32}
    assert record["rows"] == {
        "a_first_alphabetically": 1,
        "dim_series": 1,
        "dim_source": 1,
        "fct_observation": 3,
        "fct_observation_vintage": 3,
    }
    assert record["versions"]["duckdb"] == duckdb.__version__
    assert {c["outcome"] for c in record["checks"]} == {"pass"}
    assert release.current_fingerprint(home) == "f" * 64
    assert made == release.list_releases(home)[0]


def test_a_release_cannot_be_edited_by_accident(published: Settings):
    modes = {p.stat().st_mode & 0o777 for p in published.current.rglob("*") if p.is_file()}
    assert modes == {0o444}


# --- which release is current ---


def test_the_last_three_releases_are_kept_newest_first(home: Settings):
    made = []
    for number in range(RELEASES_KEPT + 2):
        write_build(home, number)
        made.append(publish(home).run_id)
    listed = release.list_releases(home)
    assert [r.run_id for r in listed] == made[: -RELEASES_KEPT - 1 : -1]
    assert [r.current for r in listed] == [True, False, False]


def test_a_release_rolled_back_to_survives_pruning_as_long_as_it_is_current(home: Settings):
    made = []
    for number in range(3):
        write_build(home, number)
        made.append(publish(home).run_id)
    release.rollback(home, made[0])
    release._prune(home)
    assert {r.run_id for r in release.list_releases(home)} == set(made)
    write_build(home, 3)
    latest = publish(home).run_id
    assert [r.run_id for r in release.list_releases(home)] == [latest, made[2], made[1]]


def test_rollback_goes_back_one_release_at_a_time(home: Settings):
    for number in range(3):
        write_build(home, number)
        publish(home)
    assert release.rollback(home).current
    assert version(home) == 1
    release.rollback(home)
    assert version(home) == 0
    with pytest.raises(UsageError, match="no older release"):
        release.rollback(home)
    assert version(home) == 0


def test_rollback_refuses_what_is_not_there(home: Settings):
    write_build(home)
    made = publish(home)
    with pytest.raises(UsageError, match=f"no release 2017.*on disk: {made.run_id}"):
        release.rollback(home, "20170518T000000Z-000000")


@pytest.mark.parametrize("damage", ["headway.duckdb", "parquet/dim_series.parquet", "datapackage.json"])
def test_rollback_refuses_a_release_with_a_flipped_bit(home: Settings, damage: str):
    for number in range(2):
        write_build(home, number)
        publish(home)
    victim = release.list_releases(home)[1].path / damage
    victim.chmod(0o644)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    with pytest.raises(ReleaseError, match=f"damaged: {damage} is not what was published"):
        release.rollback(home)
    assert version(home) == 1


def test_a_damaged_folder_is_listed_with_its_problem_and_not_rolled_back_to(home: Settings):
    for number in range(3):
        write_build(home, number)
        publish(home)
    _, middle, _ = release.list_releases(home)
    (middle.path / "release.json").unlink()
    assert [bool(r.problem) for r in release.list_releases(home)].count(True) == 1
    with pytest.raises(ReleaseError, match=r"release\.json cannot be read"):
        release.verify_release(middle.path)
    release.rollback(home)
    assert version(home) == 0


def test_the_home_folder_can_be_moved(home: Settings, tmp_path: Path):
    write_build(home, 5)
    publish(home)
    assert not home.current.readlink().is_absolute()
    moved = release_case.settings(tmp_path / "elsewhere")
    home.home.rename(moved.home)
    assert version(moved) == 5
    assert release.verify_release(moved.current.resolve()).current


def test_leftovers_of_killed_runs_are_cleared_by_the_next_one(home: Settings):
    write_build(home)
    made = publish(home)
    for leftover in (".staging-20261121T000000Z-aaaaaa", ".removed-20261121T000000Z-bbbbbb"):
        (home.releases / leftover / "parquet").mkdir(parents=True)
    (home.home / ".current-20261121T000000Z-aaaaaa").symlink_to("releases/nowhere")
    latest = publish(home)
    assert {p.name for p in home.releases.iterdir()} == {made.run_id, latest.run_id}
    assert not list(home.home.glob(".current-*"))


def test_a_release_is_never_written_twice(home: Settings):
    write_build(home)
    made = publish(home)
    with pytest.raises(UsageError, match="exists already"):
        release.publish(
            home, run_id=made.run_id, inputs={}, keys=release_case.KEYS, contract=release_case.CONTRACT
        )
    release.verify_release(made.path)
    with pytest.raises(UsageError, match="is not a run id"):
        release.publish(home, run_id="../../etc", inputs={})


# --- what a release is made from ---


def test_fingerprint_moves_when_the_store_does_and_only_then(tmp_path: Path):
    home = release_case.settings(tmp_path)
    with open_store(home.store):
        pass
    empty = fingerprint.input_fingerprint(home)
    assert fingerprint.input_fingerprint(home) == empty

    def load(load_id: int, appended: int) -> str:
        with open_store(home.store) as con:
            con.execute(
                "INSERT INTO raw.load VALUES (?, 'bls:1', 'observation', now()::TIMESTAMP, '1', 1, ?, 0, 0, 0, 0, 0)",
                [load_id, appended],
            )
        return fingerprint.input_fingerprint(home)

    assert load(1, 0) == empty, "a load that changed nothing asks for a build"
    assert load(2, 1) != empty


@pytest.mark.parametrize(
    ("changed", "moves"),
    [
        ("orchestration/intake/x.py", True),
        ("orchestration/sources/series.csv", True),
        ("transforms/x.py", True),
        ("dbt_project/models/x.sql", True),
        ("dbt_project/seeds/x.csv", True),
        # a changed colour of a chart cannot change a table: it must not cost a build
        ("orchestration/readers/charts/x.py", False),
        ("orchestration/cli/x.py", False),
    ],
)
def test_fingerprint_moves_with_what_a_release_is_made_from(tmp_path: Path, changed: str, moves: bool):
    home = Settings(project=tmp_path, home=tmp_path / "home")
    (tmp_path / changed).parent.mkdir(parents=True)
    (tmp_path / "dbt_project").mkdir(exist_ok=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.0"\n')
    (tmp_path / changed).write_text("one")
    before = fingerprint.input_fingerprint(home)
    (tmp_path / changed).write_text("two")
    assert (fingerprint.input_fingerprint(home) != before) is moves


def test_keys_are_read_from_the_dbt_manifest(tmp_path: Path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(
        json.dumps(
            {"nodes": {"a": {"name": "dim_x", "primary_key": ["x"]}, "b": {"name": "t", "primary_key": []}}}
        )
    )
    assert contract.declared_keys(manifest) == {"dim_x": ("x",)}
