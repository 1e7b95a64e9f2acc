"""The kept build: a home begins with what another one made of the same things, and with nothing damaged, half or of a user.

The project is a small one of the test's own: what is kept are files, whatever they hold.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.base.progress import listening
from orchestration.base.settings import PROJECT, Settings
from orchestration.build import data_tests, journal
from orchestration.build.fingerprint import code_fingerprint
from orchestration.build.journal import SQL, Node
from orchestration.operations import build, kept_build
from orchestration.operations.kept_build import begins_with_nothing, folder, keep, kept, key, take
from orchestration.store.opened import open_store

EARLIER = datetime(2020, 1, 1)
FILES = ("store.duckdb", "headway.duckdb", "run_results.json", data_tests.RESULTS, data_tests.COMPILED)


@pytest.fixture(autouse=True)
def _as_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HEADWAY_STATISTICS", "HEADWAY_KEEP"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    project = folder / "a clone"
    (project / "warehouse" / "figures").mkdir(parents=True)
    shutil.copyfile(PROJECT / "pyproject.toml", write(project / "pyproject.toml", ""))
    write(project / "dbt_project" / "models" / "m.sql", "select 1")
    manifest = {
        "format": 1,
        "compiled_on": "2026-11-01",
        "files": [{"sha256": "f" * 64}],
        "series": [],
        "inputs": [],
    }
    write(project / "warehouse" / "figures" / "manifest.json", json.dumps(manifest))
    built(Settings(project, folder / "first"))
    return folder


@pytest.fixture
def first(_template: Path, tmp_path: Path) -> Settings:
    """A home whose first build of the bundled figures has ended well, in a project of one figure file and one model."""
    shutil.copytree(_template, tmp_path, dirs_exist_ok=True)
    return Settings(tmp_path / "a clone", tmp_path / "first")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def built(home: Settings) -> Settings:
    """What a first build leaves in a home."""
    (home.archive / "figures").mkdir(parents=True)
    with open_store(home.store) as con:
        payload = ["figures:d:f", "figures", "d", "figures:d", EARLIER, None, None, "f" * 64, 1, "objects/ff"]
        con.execute(f"INSERT INTO raw.payload VALUES ({', '.join('?' * 10)})", payload)
        con.execute(
            "INSERT INTO raw.load VALUES (1, 'figures:d:f', 'observation', ?, '1', 1, 1, 0, 0, 0, 0, 0)",
            [EARLIER],
        )
    home.build.mkdir()
    with duckdb.connect(str(home.build_database)) as con:
        con.execute("CREATE TABLE m AS SELECT range AS i FROM range(5000)")
        journal.begin(con, [Node("m.m", "m", '"headway"."main"."m"', SQL, "", None, (), ())], [],
                      code=code_fingerprint(home), day="2026-11-29")  # fmt: skip
        con.execute("UPDATE kept.state SET release = '20261129T000000Z-aaaaaa'")
    results = [{"unique_id": "m.m", "status": "success"}]
    called = {"target_path": str(home.dbt_target)}
    write(home.dbt_target / "run_results.json", json.dumps({"results": results, "args": called}))
    write(home.dbt_target / data_tests.RESULTS, '[{"unique_id": "test.t", "status": "pass"}]')
    write(home.dbt_target / data_tests.COMPILED, "[]")
    write(home.build / "statistics" / "slow.parquet", "results")
    return home


def second(home: Settings) -> Settings:
    return Settings(home.project, home.home.parent / "second")


def said(run: Callable[[], bool]) -> tuple[bool, str]:
    """What `run` gives, and what it reports."""
    lines: list[str] = []
    with listening(lambda _stage, detail, _done, _total: lines.append(detail)):
        return run(), "\n".join(lines)


def test_a_second_home_of_the_clone_begins_with_what_the_first_has_built(first: Settings) -> None:
    """Without any setting; loads read as loaded in this home, and of the release of the other one it knows nothing."""
    assert keep(first, key(first))
    home, before = second(first), datetime.now(UTC).replace(tzinfo=None)
    assert begins_with_nothing(home) and take(home)
    with duckdb.connect(str(home.store), read_only=True) as con:
        ((loaded_at,),) = con.execute("SELECT loaded_at FROM raw.load").fetchall()
        ((retrieved_at,),) = con.execute("SELECT retrieved_at FROM raw.payload").fetchall()
    assert before <= loaded_at <= before + timedelta(minutes=5) and retrieved_at == EARLIER
    with duckdb.connect(str(home.build_database), read_only=True) as con:
        assert con.execute("SELECT sum(i) FROM m").fetchall() == [(5000 * 4999 // 2,)]
        state = journal.state(con)
    assert state == {"code": code_fingerprint(home), "day": "2026-11-29", "release": None}
    for name in FILES[3:]:
        assert (home.dbt_target / name).read_bytes() == (first.dbt_target / name).read_bytes()
    results = [json.loads((h.dbt_target / "run_results.json").read_bytes())["results"] for h in (first, home)]
    assert results[0] == results[1]
    whole = [path for path in folder(first).rglob("*") if path.is_file()]
    assert len(whole) > len(FILES)
    assert not [path for path in whole if str(first.home).encode() in path.read_bytes()], "whose home it was"
    assert (home.build / "statistics" / "slow.parquet").read_text() == "results"
    assert not begins_with_nothing(home) and not list(home.home.rglob(".*.part"))
    with duckdb.connect(str(first.build_database), read_only=True) as con:
        assert journal.state(con)["release"] == "20261129T000000Z-aaaaaa", (
            "the first home's own file was changed"
        )


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("store.duckdb", "truncated"),
        ("store.duckdb", "one bit"),
        ("headway.duckdb", "one bit"),
        ("headway.duckdb", "missing"),
        ("run_results.json", "truncated"),
        (data_tests.RESULTS, "missing"),
        (data_tests.COMPILED, "one bit"),
    ],
)
def test_what_is_damaged_is_thrown_away_with_a_word_and_the_home_stays_empty(
    first: Settings, name: str, how: str
) -> None:
    """Half a store would be a warehouse with holes that passes for whole."""
    assert keep(first, key(first))
    path = folder(first) / "whole" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink() if how == "missing" else path.write_bytes(content if how == "one bit" else content[:-1])
    home = second(first)
    taken, words = said(lambda: take(home))
    assert not taken and name in words and "thrown away" in words and kept(first) is None
    assert begins_with_nothing(home) and not [path for path in home.home.rglob("*") if path.is_file()]
    assert keep(first, key(first)) and take(home), "the next one is kept again"


def test_a_record_that_cannot_be_read_is_as_none(first: Settings) -> None:
    assert keep(first, key(first))
    write(folder(first) / "whole" / "kept.json", '{"key": 1')
    assert kept(first) is None and not take(second(first))
    assert keep(first, key(first)) and take(second(first))


def imported(home: Settings) -> None:
    with open_store(home.store) as con:
        con.execute(
            "INSERT INTO raw.payload SELECT * REPLACE ('user_x' AS source_id, 'u' AS payload_id) FROM raw.payload"
        )


def own_event(home: Settings) -> None:
    """Beside a registry of payloads that does not name it: the tables themselves count too."""
    with open_store(home.store) as con:
        columns = [row[0] for row in con.execute("DESCRIBE raw.own_event_source").fetchall()]
        con.execute(
            f"INSERT INTO raw.own_event_source VALUES ({', '.join(['?'] * len(columns))})",
            ["1"] * len(columns),
        )


def removed_import(home: Settings) -> None:
    (home.archive / "user_dealer").mkdir()


def updated(home: Settings) -> None:
    with duckdb.connect(str(home.build_database)) as con:
        con.execute("INSERT INTO kept.pending VALUES ('release.m', 'm.m', NULL)")


def failed(home: Settings) -> None:
    write(
        home.dbt_target / data_tests.RESULTS, '[{"unique_id": "test.t", "status": "fail", "message": "no"}]'
    )


def not_ended(home: Settings) -> None:
    (home.dbt_target / data_tests.RESULTS).unlink()


def released_before(home: Settings) -> None:
    for name in ("20261128T000000Z-aaaaaa", "20261129T000000Z-aaaaaa"):
        (home.releases / name).mkdir(parents=True)


def without_journal(home: Settings) -> None:
    with duckdb.connect(str(home.build_database)) as con:
        con.execute("DROP SCHEMA kept CASCADE")


@pytest.mark.parametrize(
    "change",
    [imported, own_event, removed_import, updated, failed, not_ended, released_before, without_journal],
)
def test_nothing_of_a_user_and_nothing_unfinished_is_kept(
    first: Settings, change: Callable[[Settings], None]
) -> None:
    """Figures under a licence of their own would turn up in every later home of the clone."""
    change(first)
    assert not keep(first, key(first))
    assert kept(first) is None and not take(second(first))


def test_a_home_that_holds_something_is_left_alone(first: Settings) -> None:
    """A user's archive, or a store that is there, must not be taken for an empty home."""
    home = second(first)
    assert begins_with_nothing(home)
    (home.archive / "tmp").mkdir(parents=True)
    (home.archive / "figures").mkdir()
    assert begins_with_nothing(home), "what a killed first build leaves"
    (home.archive / "bls").mkdir()
    assert not begins_with_nothing(home) and not begins_with_nothing(first)


def changed_model(home: Settings) -> Settings:
    write(home.dbt_project / "models" / "m.sql", "select 2")
    return home


def changed_code(home: Settings) -> Settings:
    write(home.project / "transforms" / "new.py", "")
    return home


def changed_figures(home: Settings) -> Settings:
    manifest = home.figures / "manifest.json"
    write(manifest, manifest.read_text().replace("f" * 64, "e" * 64))
    return home


def moved(home: Settings) -> Settings:
    """The journal names files of the project by their path."""
    return Settings(home.project.rename(home.project.with_name("moved")), home.home)


@pytest.mark.parametrize("change", [changed_model, changed_code, changed_figures, moved])
def test_of_other_code_models_figures_or_place_nothing_is_taken(
    first: Settings, change: Callable[[Settings], Settings]
) -> None:
    before = key(first)
    assert keep(first, before)
    now = change(first)
    assert key(now) != before and not take(second(now)) and begins_with_nothing(second(now))
    assert not keep(now, before), "a file changed while the build ran: nobody knows which code made it"


def test_only_the_newest_is_kept_and_the_same_is_not_written_twice(first: Settings) -> None:
    """A gigabyte for each state of the code would fill a disk in a day."""
    assert keep(first, key(first)) and not keep(first, key(first))
    changed_model(first)
    shutil.rmtree(first.home)
    assert keep(built(first), key(first))
    assert sorted(path.name for path in folder(first).iterdir()) == ["lock", "whole"]
    assert take(second(first))


def test_a_disk_without_room_to_spare_keeps_nothing(first: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's next refresh would fail for what only saves time."""
    usage = shutil.disk_usage(first.home)._replace(free=4_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert not keep(first, key(first)) and kept(first) is None


def test_it_can_be_turned_off(first: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep(first, key(first))
    monkeypatch.setenv("HEADWAY_KEEP", "0")
    assert not take(second(first))
    shutil.rmtree(folder(first))
    assert not keep(first, key(first)) and not folder(first).exists()


def test_a_shared_folder_is_used_where_one_is_set(
    first: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And a project that cannot be written to costs a build, not an error."""
    monkeypatch.setenv("HEADWAY_STATISTICS", str(tmp_path / "shared"))
    assert keep(first, key(first)) and folder(first).parent == tmp_path / "shared"
    assert take(second(first)) and not (second(first).build / "statistics").exists()
    write(tmp_path / "a file", "")
    monkeypatch.setenv("HEADWAY_STATISTICS", str(tmp_path / "a file"))
    assert not keep(first, key(first))


#: keeps or takes in a process that ends, as by kill -9, when it copies its n-th file
_KILLED = """
import os, sys
from pathlib import Path
from orchestration.base.settings import Settings
from orchestration.operations import kept_build

verb, project, home, *numbers = sys.argv[1:]
settings = Settings(Path(project), Path(home))
real, count = kept_build._copy, 0
for n in map(int, numbers):
    child = os.fork()
    if not child:
        def dies(source, target):
            global count
            count += 1
            if count == n:
                target.write_bytes(source.read_bytes()[:100])
                os._exit(9)
            real(source, target)
        kept_build._copy = dies
        kept_build.keep(settings, kept_build.key(settings)) if verb == "keep" else kept_build.take(settings)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    print((kept_build.kept(settings) or None) and "kept", settings.store.exists())
"""


def killed(verb: str, home: Settings, *numbers: int) -> set[str]:
    """What is there after each of several processes, of which each was killed at one of its files, the first or the second or ..."""
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, verb, str(home.project), str(home.home), *map(str, numbers)],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


@pytest.mark.slow
def test_killed_while_it_is_kept_or_taken_nothing_half_is_used(first: Settings) -> None:
    """A power cut at the wrong moment would leave a home that passes for whole for ever."""
    assert killed("keep", first, 2, len(FILES)) == {"None True"}
    assert keep(first, key(first)), "what was left is in nobody's way"
    assert sorted(path.name for path in folder(first).iterdir()) == ["lock", "whole"]
    home = second(first)
    assert killed("take", home, 2, len(FILES)) == {"kept False"}
    assert begins_with_nothing(home) and take(home)
    assert not list(home.home.rglob(".*.part"))


def test_two_homes_at_once_do_not_tread_on_each_other(first: Settings) -> None:
    """One is reading what the other would replace: neither waits, the one builds from nothing, the other keeps nothing."""
    assert keep(first, key(first))
    with kept_build._locked(first, kept_build.fcntl.LOCK_SH) as reading:
        assert reading and take(second(first)), "two may read at once"
        changed_model(first)
        shutil.rmtree(first.home)
        assert not keep(built(first), key(first)), "another home is reading"
    with kept_build._locked(first, kept_build.fcntl.LOCK_EX) as writing:
        assert writing
        shutil.rmtree(second(first).home)
        assert not take(second(first)) and begins_with_nothing(second(first))


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, ["take", "keep"]), ({"force": True}, ["keep"]), ({"from_archive": True}, [])],
)
def test_a_build_begins_with_it_unless_it_was_told_to_make_all_anew(
    first: Settings, monkeypatch: pytest.MonkeyPatch, options: dict[str, bool], expected: list[str]
) -> None:
    """`headway build --force` that copies would never mend what it was asked to mend."""
    done: list[str] = []
    home = second(first)
    monkeypatch.setattr(kept_build, "take", lambda _: done.append("take"))
    monkeypatch.setattr(
        kept_build, "keep", lambda _home, made_from: done.append("keep" if made_from == key(home) else "?")
    )
    monkeypatch.setattr(build, "_rebuild", lambda *_: open_store(home.store).__enter__().close())
    monkeypatch.setattr(build, "rebuild_what_was_corrected", lambda _: [])
    monkeypatch.setattr("orchestration.operations.dagster_run.run_job", lambda *_, **__: None)
    monkeypatch.setattr(build, "is_current", lambda _: False)
    monkeypatch.setattr(build, "_current", lambda _: None)
    build.run_build(home, **options)
    assert done == expected
