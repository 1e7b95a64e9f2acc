"""The two ways of printing. Prevents: JSON that no program can read, tables with folded columns, markup in a user's text."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pytest

from orchestration.base.progress import report
from orchestration.cli.printer import Printer


@dataclass
class _Shown:
    day: date
    rate: float


def test_json_holds_dataclasses_days_and_numbers_that_are_not_finite(capsys):
    Printer(as_json=True).rows(
        [{"shown": _Shown(date(2018, 1, 29), math.nan), "price": Decimal("1.50"), "ids": ("a", "b")}]
    )
    assert json.loads(capsys.readouterr().out) == [
        {"shown": {"day": "2018-01-29", "rate": None}, "price": 1.5, "ids": ["a", "b"]}
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "yes"),
        (1234567, "1,234,567"),
        (26249.75, "26,249.75"),
        (0.00012345, "0.000123"),
        (datetime(2026, 1, 9), "2026-01-09"),
        (datetime(2026, 1, 9, 8, 30), "2026-01-09 08:30"),
        (["a", 2], "a, 2"),
        ("[red]", "[red]"),
    ],
)
def test_a_record_shows_the_value_itself(value, cell, capsys):
    Printer(as_json=False).record({"field": value})
    assert capsys.readouterr().out.rstrip() == f"field  {cell}".rstrip()


def test_a_table_that_is_wider_than_the_terminal_becomes_records(capsys, monkeypatch):
    rows = [{"id": "a", "note": "x" * 60}, {"id": "b", "note": "y" * 60}]
    wide = Printer(as_json=False)
    wide.rows(rows)
    assert capsys.readouterr().out.splitlines()[0].split() == ["id", "note"]
    monkeypatch.setattr("orchestration.cli.printer._WIDTH_OF_A_PIPE", 40)
    Printer(as_json=False).rows(rows)
    assert capsys.readouterr().out.splitlines()[0] == "id    a"


def test_an_empty_table_says_so(capsys):
    Printer(as_json=False).rows([])
    assert capsys.readouterr().out == "nothing matches\n"


def test_progress_of_a_pipe_is_a_line_for_each_stage_on_standard_error(capsys):
    out = Printer(as_json=False)
    with out.progress():
        report("load", "one")
        report("load", "two")
        report("release", "three")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "load ...\nrelease ...\n")
    with Printer(as_json=True).progress():
        report("load", "one")
    assert capsys.readouterr().err == ""


def test_brackets_are_printed_and_not_taken_for_markup(capsys):
    """They would vanish from a message, or turn the rest of the output red."""
    out = Printer(as_json=False)
    out.line("[bold red]year[/] 2027")
    out.rows([{"[b]name": "[red]x[/]"}])
    out.labelled("wrong", "red", "[z]")
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("[bold red]year[/] 2027", "[b]name", "[red]x[/]", "[z]"))


def test_a_paragraph_breaks_between_words_and_an_address_never(capsys, monkeypatch):
    """A hash that was broken over two lines could not be copied, and an id with a hyphen got a line end after it."""
    monkeypatch.setattr("orchestration.cli.printer._WIDTH_OF_A_PIPE", 40)
    out = Printer(as_json=False)
    digest = "3c5562412fb71562cfe1af43bc9aca1aaa57d1b4fc4a60af47380f380df9ae0a"
    out.line(f"In the 12 months after nafta-round6-end the means of {digest} differ by some percent")
    out.record({"sha256": digest})
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 40] == [digest, f"sha256  {digest}"]
    assert "In the 12 months after nafta-round6-end" in lines and len(lines) >= 4


def test_a_long_message_on_a_pipe_stays_one_line(capsys):
    Printer(as_json=False).line("word " * 500)
    assert len(capsys.readouterr().out.splitlines()) == 1
