"""Commands that read, asked for what they cannot do: each says so in one line, and does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from tests.support import reading_case
from tests.support.command_case import command


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = reading_case.settings(tmp_path_factory.mktemp("home"))
    reading_case.write_release(settings)
    return settings


@pytest.mark.parametrize(
    "options",
    [
        ("--months", "12"),
        ("--gap", "1"),
        ("--keep-event-month",),
        ("--as-of", "first"),
        ("--control", "manufacturing_total"),
        ("--method", "all"),
        ("--plot", "{tmp}/round6.svg"),
        ("--out", "{tmp}/round6.md", "--full"),
    ],
    ids=lambda options: options[0],
)
def test_without_a_series_no_option_is_passed_over(home: Settings, tmp_path: Path, options: tuple[str, ...]):
    """`compare EVENT --out FILE` exited with 0 and wrote nothing."""
    done = command(home, "compare", "nafta-round6-end", *(o.replace("{tmp}", str(tmp_path)) for o in options))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"headway: {options[0]}: name a SERIES") and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_a_series_what_is_heeded_is_no_error(home: Settings):
    """The release of this test holds no answers, which is the only thing to be told."""
    done = command(home, "compare", "nafta-round6-end", "--full", "--json")
    assert "this release holds no answers" in done.stderr
