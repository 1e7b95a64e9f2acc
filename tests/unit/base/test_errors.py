"""Errors as a user meets them: one line, and an exit status that a script can tell apart."""

from __future__ import annotations

import inspect

import click
import pytest
from click.testing import CliRunner

from orchestration.base import errors
from orchestration.base.errors import (
    HeadwayError,
    PermanentSourceError,
    TransientSourceError,
    UsageError,
    require_pages,
)
from orchestration.cli.command import command, main

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]


def test_every_error_is_one_of_ours_and_says_when_it_is_raised() -> None:
    # an error outside the family would reach a user as a traceback
    assert all(issubclass(kind, HeadwayError) and kind.__doc__ for kind in CLASSES)


def test_only_a_question_that_cannot_be_answered_exits_with_2() -> None:
    assert [kind for kind in CLASSES if kind.exit_code != 1] == [UsageError]


def test_an_agency_that_may_answer_later_says_when() -> None:
    error = TransientSourceError("too many requests", retry_after=60)
    assert (error.retry_after, error.unavailable) == (60, False)
    assert not issubclass(PermanentSourceError, TransientSourceError)


@pytest.mark.parametrize("kind", [UsageError, HeadwayError])
def test_the_command_line_says_an_error_in_one_line(kind: type[HeadwayError], monkeypatch) -> None:
    monkeypatch.setattr(main, "commands", dict(main.commands))

    @command("stumble", "headway stumble")
    def stumble(settings, out) -> None:
        """Raise."""
        raise kind("there is no series 'x'")

    assert isinstance(stumble, click.Command)
    done = CliRunner().invoke(main, ["stumble"])
    assert (done.exit_code, done.stderr) == (kind.exit_code, "headway: there is no series 'x'\n")


def test_pages_that_are_not_installed_are_named_with_the_way_to_get_them() -> None:
    """A missing package would be a traceback of an import."""
    require_pages("json", "dashboard")
    with pytest.raises(UsageError, match="make dashboard"):
        require_pages("a_package_that_nobody_has", "dashboard")
