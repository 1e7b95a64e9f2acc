"""Releases: what is in the public file, what stops a release, and which one readers get."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import ReleaseError, UsageError
from orchestration.base.settings import RELEASES_KEPT, Settings
from orchestration.release import contract, public_file, records
from orchestration.release import folders as release
from orchestration.release.contract import CheckResult
from tests.support import release_case
from tests.support.published_case import publish, read, version, with_releases
from tests.support.release_case import write_build


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


@pytest.mark.slow
@pytest.mark.parametrize(("sql", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_build_never_becomes_current(home: Settings, sql: str, reason: str):
    (first,) = with_releases(home, 1)
    write_build(home, 2, sql=sql)
    with pytest.raises(ReleaseError, match=reason):
        publish(home)
    assert records.current_release(home) == first
    assert version(home) == 0
    assert [p.name for p in home.releases.iterdir()] == [first.run_id], "the failed release left files"
    failure = json.loads((home.build / "last_failure.json").read_text())
    assert reason.split("\\")[0].split("(")[0].strip() in failure["reason"]


@pytest.mark.slow
def test_a_table_of_what_somebody_asks_for_may_be_empty(home: Settings):
    """A new warehouse, where nobody has asked the feed for anything, would never get its first release."""
    write_build(home, 1, sql="DELETE FROM main.dim_source")
    publish(home, contract=replace(release_case.CONTRACT, may_be_empty=frozenset({"dim_source"})))
    assert version(home) == 1


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


@pytest.mark.slow
def test_a_release_after_a_failed_one_clears_the_recorded_failure(home: Settings):
    write_build(home)
    with pytest.raises(ReleaseError):
        publish(home, checks=[CheckResult("x", "fail")])
    publish(home)
    assert not (home.build / "last_failure.json").exists()


def test_without_a_build_the_message_says_so(home: Settings):
    with pytest.raises(ReleaseError, match=r"headway\.duckdb does not exist: nothing was built"):
        publish(home)


@pytest.mark.slow
def test_a_fact_that_loses_rows_stops_the_release_unless_allowed(home: Settings):
    """A join that drops a third of a table passes every row-level test."""
    with_releases(home, 1)
    write_build(home, 2, months=2)
    with pytest.raises(ReleaseError, match="fct_observation: 3 rows in the current release, 2 now"):
        publish(home)
    assert version(home) == 0
    allowed = publish(home, allow_shrink=True)
    assert version(home) == 2
    assert [c.outcome for c in allowed.checks if "lost" in c.name] == ["warn"]


@pytest.mark.slow
def test_a_fact_that_disappears_counts_as_losing_all_its_rows(home: Settings):
    write_build(home, 1, sql="CREATE TABLE main.fct_extra (a INT); INSERT INTO main.fct_extra VALUES (1); "
                "COMMENT ON TABLE main.fct_extra IS 'x'; COMMENT ON COLUMN main.fct_extra.a IS 'x'")  # fmt: skip
    publish(home)
    write_build(home, 2)
    with pytest.raises(ReleaseError, match="fct_extra: 1 rows in the current release, 0 now"):
        publish(home)


@pytest.mark.slow
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
    assert records.current_release(home).fingerprint == "f" * 64
    assert made == records.list_releases(home)[0]


@pytest.mark.slow
def test_a_release_cannot_be_edited_by_accident(published: Settings):
    modes = {p.stat().st_mode & 0o777 for p in published.current.rglob("*") if p.is_file()}
    assert modes == {0o444}


# --- which release is current ---


@pytest.mark.slow
def test_the_last_three_releases_are_kept_newest_first(home: Settings):
    made = [published.run_id for published in with_releases(home, RELEASES_KEPT)]
    for number in range(RELEASES_KEPT, RELEASES_KEPT + 2):
        write_build(home, number)
        made.append(publish(home).run_id)
    listed = records.list_releases(home)
    assert [r.run_id for r in listed] == made[: -RELEASES_KEPT - 1 : -1]
    assert [r.current for r in listed] == [True, False, False]


@pytest.mark.slow
def test_a_release_rolled_back_to_survives_pruning_as_long_as_it_is_current(home: Settings):
    made = [published.run_id for published in with_releases(home, 3)]
    release.rollback(home, made[0])
    release._prune(home)
    assert {r.run_id for r in records.list_releases(home)} == set(made)
    write_build(home, 3)
    latest = publish(home).run_id
    assert [r.run_id for r in records.list_releases(home)] == [latest, made[2], made[1]]


def test_rollback_goes_back_one_release_at_a_time(home: Settings):
    with_releases(home, 3)
    assert release.rollback(home).current
    assert version(home) == 1
    release.rollback(home)
    assert version(home) == 0
    with pytest.raises(UsageError, match="no older release"):
        release.rollback(home)
    assert version(home) == 0


def test_rollback_refuses_what_is_not_there(home: Settings):
    (made,) = with_releases(home, 1)
    with pytest.raises(UsageError, match=f"no release 2017.*on disk: {made.run_id}"):
        release.rollback(home, "20170518T000000Z-000000")


@pytest.mark.parametrize("damage", ["headway.duckdb", "parquet/dim_series.parquet", "datapackage.json"])
def test_rollback_refuses_a_release_with_a_flipped_bit(home: Settings, damage: str):
    with_releases(home, 2)
    victim = records.list_releases(home)[1].path / damage
    victim.chmod(0o644)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    with pytest.raises(ReleaseError, match=f"damaged: {damage} is not what was published"):
        release.rollback(home)
    assert version(home) == 1


def test_the_home_folder_can_be_moved(home: Settings, tmp_path: Path):
    with_releases(home, 1)
    assert not home.current.readlink().is_absolute()
    moved = release_case.settings(tmp_path / "elsewhere")
    home.home.rename(moved.home)
    assert version(moved) == 0
    assert records.verify_release(moved.current.resolve()).current


def test_leftovers_of_killed_runs_are_cleared_by_the_next_one(home: Settings):
    (made,) = with_releases(home, 1)
    for leftover in (".staging-20261121T000000Z-aaaaaa", ".removed-20261121T000000Z-bbbbbb"):
        (home.releases / leftover / "parquet").mkdir(parents=True)
    (home.home / ".current-20261121T000000Z-aaaaaa").symlink_to("releases/nowhere")
    latest = publish(home)
    assert {p.name for p in home.releases.iterdir()} == {made.run_id, latest.run_id}
    assert not list(home.home.glob(".current-*"))


def test_a_release_is_never_written_twice(home: Settings):
    (made,) = with_releases(home, 1)
    with pytest.raises(UsageError, match="exists already"):
        release.publish(
            home, run_id=made.run_id, inputs={}, keys=release_case.KEYS, contract=release_case.CONTRACT
        )
    records.verify_release(made.path)
    with pytest.raises(UsageError, match="is not a run id"):
        release.publish(home, run_id="../../etc", inputs={})


def test_keys_are_read_from_the_dbt_manifest(tmp_path: Path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(
        json.dumps(
            {"nodes": {"a": {"name": "dim_x", "primary_key": ["x"]}, "b": {"name": "t", "primary_key": []}}}
        )
    )
    assert contract.declared_keys(manifest) == {"dim_x": ("x",)}


# --- a release that takes over what changed ---
def rows_of(home: Settings) -> dict[str, list[tuple]]:
    """Every table of the current release, in the database and in Parquet."""
    found = {}
    for table in ("dim_source", "dim_series", "fct_observation_vintage", "fct_observation"):
        found[table] = read(home, f"SELECT * FROM {table} ORDER BY ALL")
        file = home.current / "parquet" / f"{table}.parquet"
        with duckdb.connect() as con:
            found[f"{table} in Parquet"] = con.execute(
                "FROM read_parquet(?) ORDER BY ALL", [str(file)]
            ).fetchall()
    return found


REVISED = "UPDATE fct_observation_vintage SET value = value + 1 WHERE period_start = '2017-02-01'"
CHANGED = ("fct_observation_vintage", "fct_observation", "a_first_alphabetically")


@pytest.mark.slow
@pytest.mark.parametrize("big", [0, 1_000_000], ids=["rows exchanged", "table written again"])
@pytest.mark.parametrize("series", [None, {"usa_employment_manufacturing"}], ids=["all", "one series"])
def test_a_release_that_takes_over_changes_is_the_one_written_whole(
    home: Settings, monkeypatch: pytest.MonkeyPatch, big: int, series: set[str] | None
):
    """A revised value that stayed behind in the released file would be in no later release either."""
    monkeypatch.setattr(public_file, "_BIG", big)
    monkeypatch.setattr(public_file, "_FEW", 1.0)
    write_build(home)
    first = publish(home)
    write_build(home, sql=REVISED)
    assembled = []
    monkeypatch.setattr(public_file, "assemble", lambda *_, **__: assembled.append(1))
    amended = publish(home, changes=release.Changes(first.run_id, dict.fromkeys(CHANGED, series)))
    assert not assembled
    taken_over = rows_of(home)
    monkeypatch.undo()
    publish(home)
    assert taken_over == rows_of(home)
    assert ("2017-02-01", 12392.0) in read(home, "SELECT period_start::VARCHAR, value FROM fct_observation")
    records.verify_release(amended.path)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["another release", "damaged file"])
def test_what_is_not_the_release_that_was_published_is_not_taken_over(home: Settings, damage: str):
    """A flipped bit in one release would be in all that follow; changes since another release are not all changes."""
    write_build(home)
    first = publish(home)
    write_build(home, sql=REVISED)
    since = first.run_id
    if damage == "another release":
        since = release.new_run_id()
    else:
        file = first.path / "headway.duckdb"
        file.chmod(0o644)
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    publish(home, changes=release.Changes(since, {}))
    assert ("2017-02-01", 12392.0) in read(home, "SELECT period_start::VARCHAR, value FROM fct_observation")
