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


@pytest.mark.parametrize("since", ["2025", "2025-01", "2025-01-15"])
def test_answers_may_begin_with_a_year(home: Settings, since: str):
    """`--since 2025` was told that '2025-01' is not a day of the calendar."""
    assert "this release holds no answers" in command(home, "answers", "--since", since).stderr


def test_a_month_that_is_none_is_named_as_it_was_typed(home: Settings):
    done = command(home, "answers", "--since", "2025-13")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "headway: '2025-13' is not a period: write 2018, 2018Q1, 2018-01 or 2018-01-01\n"
