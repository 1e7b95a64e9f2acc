"""What every command has in common: examples in its help, and a start that loads nothing heavy."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb
import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import PROJECT, Settings
from orchestration.cli import main
from orchestration.readers import export as exporting
from tests.support import reading_case
from tests.support.command_case import command
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = reading_case.settings(tmp_path_factory.mktemp("home"))
    reading_case.write_release(settings)
    return settings


def every(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, with the words that it is called by."""
    for name, registered in group.commands.items():
        if isinstance(registered, click.Group):
            yield from every(registered, f"{before}{name} ")
        else:
            yield before + name, registered


def test_every_command_has_examples():
    """`--help` is what users read first."""
    for name, registered in every(main):
        text = registered.get_help(click.Context(registered, info_name=name))
        assert f"headway {name}" in text.partition("Examples:")[2], name


def test_examples_name_only_options_that_exist():
    """`feed list --all` stood in the help and was refused."""
    for _, registered in every(main):
        known = {"--help", *(o for p in registered.params for o in (*p.opts, *p.secondary_opts))}
        for line in (registered.epilog or "").splitlines():
            words = [word.partition("=")[0] for word in shlex.split(line) if word.startswith("-")]
            assert known.issuperset(words), line


def test_help_needs_no_heavy_import():
    """`headway --help` would take seconds: Dagster, dbt and polars are imported by the commands that need them."""
    code = "import sys, orchestration.cli.writing; print([m for m in ('dagster', 'dbt', 'polars', 'duckdb', 'requests') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "not_needed"),
    [
        # a build that has nothing to do looks at a few files and leaves: what makes models, and DuckDB, took two thirds of its time
        (
            "orchestration.operations.build",
            ("dagster", "dbt", "numpy", "requests", "pyarrow", "polars", "duckdb"),
        ),
        # Dagster's page and its daemon load the definitions again and again; what asks and makes is for runs
        (
            "orchestration.definitions",
            ("dbt", "numpy", "requests", "duckdb", "orchestration.build.dbt_runner"),
        ),
    ],
)
def test_what_is_only_looked_up_needs_no_library_of_a_run(module: str, not_needed: tuple[str, ...]):
    """One import at the top of a module brings back half a second of each command."""
    code = f"import sys, {module}; print([m for m in {not_needed} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout.strip() == "[]"


def test_a_query_may_begin_with_a_comment(home: Settings):
    """click took `-- why` for an option that does not exist."""
    for query in (
        "-- why\nselect 2025 as year",
        "--why not\nselect 2025 as year",
        "--x\nselect 2025 as year",
    ):
        done = command(home, "sql", query, "--format", "table")
        assert (done.returncode, done.stdout.split()) == (0, ["year", "2025"]), done.stderr
    assert command(home, "sql", "--formt=csv", "select 1").returncode == 2
    assert "--formt" in command(home, "sql", "--formt", "csv", "select 1").stderr


@pytest.mark.parametrize("arguments", [("series", "caf\udce9"), ("caf\udce9",), ("--caf\udce9",)])
def test_an_argument_that_is_no_utf_8_is_refused_in_one_line(home: Settings, arguments: tuple[str, ...]):
    """DuckDB and the terminal cannot be given it: `headway series $'caf\\xe9'` was a traceback."""
    done = command(home, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "caf\\xe9' is not written in UTF-8" in done.stderr


def test_a_character_that_the_terminal_cannot_write_is_written_by_its_number(home: Settings):
    """An accent in a title was a traceback where the terminal is of ASCII."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "sql", "select 'caf\u00e9' as place"],
        cwd=PROJECT,
        env={**os.environ, "HEADWAY_HOME": str(home.home), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "caf\\xe9" in done.stdout, done.stderr


_ENDLESS = "select count(*) from range(1000000) a, range(1000000) b"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("sql", "--timeout", "600", _ENDLESS),
        ("sql", "--format", "csv", _ENDLESS),
        ("sql", "--out", "{tmp}/half.csv", "from range(1000000) a, range(1000000) b"),
    ],
)
def test_ctrl_c_ends_with_one_word_status_130_and_nothing_left_behind(
    home: Settings, tmp_path: Path, arguments: tuple[str, ...]
):
    """A traceback, status 1 and a hidden folder of half an export were left, and a script went on to its next step."""
    with subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", *(a.replace("{tmp}", str(tmp_path)) for a in arguments)],
        cwd=PROJECT,
        env={**os.environ, "HEADWAY_HOME": str(home.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        # the database is open: the command is at work, and no longer loading itself
        database = home.current_database.resolve()
        deadline = time.monotonic() + PATIENCE
        while not any(
            os.path.samefile(f, database) for f in Path(f"/proc/{process.pid}/fd").iterdir() if f.exists()
        ):
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)  # people press it twice
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (130, "headway: stopped\n")
    assert list(tmp_path.iterdir()) == []


def test_an_error_after_ctrl_c_is_the_interruption_and_not_a_failure(
    home: Settings, monkeypatch: pytest.MonkeyPatch
):
    """DuckDB and dbt turn the interruption into errors of their own; a user would look for a mistake."""

    def interrupted(*_: object, **__: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(PATIENCE)
        except KeyboardInterrupt:
            raise UsageError("the query failed") from None

    monkeypatch.setattr("orchestration.readers.own_sql.run_sql", interrupted)
    before = signal.getsignal(signal.SIGINT)
    done = command(home, "sql", "select 1")
    assert (done.returncode, done.stderr) == (130, "headway: stopped\n")
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_heard_while_python_lets_go_of_an_object(home: Settings, monkeypatch: pytest.MonkeyPatch):
    """Python prints such an interruption and goes on: an export that somebody stopped went on until its query ended, two minutes later."""

    class Held:
        pass

    def lost(*_: object, **__: object) -> None:
        held = Held()
        reference = weakref.ref(held, lambda _: signal.raise_signal(signal.SIGINT))
        del held
        assert reference() is None
        time.sleep(PATIENCE)

    monkeypatch.setattr("orchestration.readers.own_sql.run_sql", lost)
    before, begun = sys.unraisablehook, time.monotonic()
    done = command(home, "sql", "select 1")
    assert (done.returncode, done.stderr) == (130, "headway: stopped\n")
    assert time.monotonic() - begun < PATIENCE / 2
    assert sys.unraisablehook is before


def half_a_workbook(con: object, table: object, file: Path, told: object) -> None:
    """Stands in for a workbook, which the main thread writes: stopped in the middle."""
    file.write_text("half")
    try:
        for _ in range(2):  # people press it twice
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(PATIENCE)
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None  # as DuckDB says it


def half_a_text(con: duckdb.DuckDBPyConnection, table: object, file: Path, told: object) -> None:
    """Stands in for a CSV file, of which two threads write one each: a query that does not end by itself begins after the signal."""
    file.write_text("half")
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.3)
    con.execute(_ENDLESS)


@pytest.mark.parametrize(("fmt", "half"), [("xlsx", half_a_workbook), ("csv", half_a_text)])
def test_half_an_export_is_gone_after_ctrl_c(home: Settings, tmp_path: Path, monkeypatch, fmt: str, half):
    """A hidden folder with half of the tables stayed beside the place that the export was meant for; a thread that wrote on kept the
    command for as long as its table took."""
    monkeypatch.setitem(exporting._WRITERS, fmt, half)
    begun = time.monotonic()
    done = command(home, "export", str(tmp_path / "out"), "--format", fmt)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (130, "headway: stopped")
    assert list(tmp_path.iterdir()) == []
    assert time.monotonic() - begun < PATIENCE / 2, "what was not interrupted was waited for"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_headway_says_in_one_line_that_its_output_was_not_written():
    """A list of events that a script wrote to a full disk was a traceback of forty lines."""
    code = "from orchestration.cli.command import command, main\n@command('long', '')\ndef long(settings, out):\n    print('x' * 99999)\nmain(['long'])"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROJECT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "the disk is full" in done.stderr
