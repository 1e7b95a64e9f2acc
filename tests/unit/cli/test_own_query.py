"""Where a query stands and which form is meant. Prevents: a query read from a terminal that nobody types at, a form that
is dropped without a word."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from orchestration.base.errors import UsageError
from orchestration.cli.own_query import form, text_of


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_query_comes_from_the_argument_a_file_or_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "years.sql"
    file.write_text("\ufeff-- years\nselect 2025", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("from dim_event"))
    assert text_of("select 1", None) == "select 1"
    assert text_of(None, file) == "-- years\nselect 2025"
    assert text_of(None, None) == "from dim_event"
    for argument, option in (("-", None), (None, Path("-"))):
        monkeypatch.setattr("sys.stdin", io.StringIO("from dim_series"))
        assert text_of(argument, option) == "from dim_series"


def test_no_query_two_queries_and_a_file_that_is_not_there_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdin", _Terminal("never read"))
    with pytest.raises(UsageError, match="no query"):
        text_of(None, None)
    with pytest.raises(UsageError, match="not in both"):
        text_of("select 1", tmp_path / "x.sql")
    with pytest.raises(UsageError, match=r"x\.sql"):
        text_of(None, tmp_path / "x.sql")


def test_the_form_is_the_one_asked_for_or_the_one_of_the_file(monkeypatch: pytest.MonkeyPatch):
    assert form(None, None, as_json=False) == form(None, None, as_json=True) == "table"
    assert form(None, Path("a.CSV"), as_json=False) == "csv"
    assert form("json", Path("a.txt"), as_json=False) == "json"
    assert form("parquet", None, as_json=False) == "parquet"
    for fmt, target, as_json in (
        ("csv", None, True),
        (None, Path("a.txt"), False),
        ("table", Path("a.csv"), False),
    ):
        with pytest.raises(UsageError):
            form(fmt, target, as_json=as_json)
    monkeypatch.setattr("sys.stdout", _Terminal())
    with pytest.raises(UsageError, match="--out"):
        form("parquet", None, as_json=False)
