"""The process that parses ahead: waited for, believed only as far as it came, and gone afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.build import parse_ahead
from orchestration.build.parse_ahead import Ahead


def process(folder: Path, code: str) -> Ahead:
    return Ahead(
        subprocess.Popen(
            [sys.executable, "-c", f"import pathlib, time\nto = pathlib.Path({str(folder)!r})\n{code}"]
        ),
        folder,
    )


def test_a_stage_is_waited_for(tmp_path: Path) -> None:
    """A build that goes on without it would find no manifest."""
    ahead = process(tmp_path, "time.sleep(0.2); (to / 'parsed').touch()")
    assert ahead.reached("parsed") and (tmp_path / "parsed").exists()
    assert not ahead.reached("compiled")


def test_one_that_fails_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """A broken model would let a build hang; and a stage reached before the failure still counts."""
    ahead = process(tmp_path, "(to / 'parsed').touch(); raise SystemExit(1)")
    assert not ahead.reached("compiled")
    assert ahead.reached("parsed")


def test_nothing_of_it_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of an aborted build would go on for half a minute, and its folder stay for ever."""
    settings = Settings(PROJECT, tmp_path)
    left = tmp_path / "dbt" / "parsing-1"
    left.mkdir(parents=True)
    monkeypatch.setattr(
        parse_ahead, "__name__", "this"
    )  # a module that takes no time and does nothing of ours
    with pytest.raises(RuntimeError), parse_ahead.started(settings):
        ahead = parse_ahead.of(settings)
        assert ahead is not None and ahead.folder.exists() and not left.exists()
        raise RuntimeError
    assert ahead.process.poll() is not None
    assert parse_ahead.of(settings) is None and not list((tmp_path / "dbt").iterdir())
