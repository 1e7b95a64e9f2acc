"""The cells of a user's timelines: a value survives its text, and nothing else is taken for it."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.settings import PROJECT
from transforms.timeline import TIMELINE_COLUMNS, TIMELINE_KEYS, text_of, value_of

_SQL = {pl.String(): "varchar", pl.Date(): "date", pl.Float64(): "double", pl.Boolean(): "boolean"}
_TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=40)


@given(_TEXTS)
def test_a_text_is_read_back(text):
    """A title that changes on its way through a file is another title."""
    assert value_of(text_of(value_of(text, pl.String())), pl.String()) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back(number):
    """A rate of 12.5 must not become 12 or 12.500000001."""
    assert value_of(text_of(number), pl.Float64()) == number


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_day_is_read_back(day):
    """Also as a workbook has it, a time at midnight."""
    assert (
        value_of(text_of(day), pl.Date())
        == day
        == value_of(datetime(day.year, day.month, day.day), pl.Date())
    )


@pytest.mark.parametrize(
    ("cell", "dtype"),
    [
        ("2026-02-30", pl.Date()),
        ("2026-1-5", pl.Date()),
        ("01/02/2026", pl.Date()),
        ("0999-01-01", pl.Date()),
        (20260105, pl.Date()),
        ("1_000", pl.Float64()),
        ("12%", pl.Float64()),
        ("1,5", pl.Float64()),
        ("nan", pl.Float64()),
        ("1e999", pl.Float64()),
        (True, pl.Float64()),
        ("yes", pl.Boolean()),
        (1, pl.Boolean()),
        ("a\x07b", pl.String()),
        ("x" * 4_001, pl.String()),
    ],
)
def test_what_is_not_of_the_type_is_refused(cell, dtype):
    """A day read the wrong way round moves the cut of every comparison."""
    with pytest.raises(ValueError, match=r"is not|is neither|lies outside|cannot be shown|at most"):
        value_of(cell, dtype)


def test_a_code_that_a_workbook_keeps_as_a_number_is_its_digits():
    """8703.0 is no heading of goods."""
    assert value_of(8703, pl.String()) == value_of(8703.0, pl.String()) == "8703"
    assert value_of(8703900080.0, pl.String()) == "8703900080"


def test_the_columns_are_those_of_the_seeds():
    """The rows are staged together: a column that is missing, or of another type, would stop every build."""
    declared = yaml.safe_load(
        (PROJECT / "dbt_project" / "seeds" / "timeline" / "_timeline.yml").read_text(encoding="utf-8")
    )
    types = {seed["name"]: seed["config"]["column_types"] for seed in declared["seeds"]}
    ours = {
        kind: {column: _SQL[dtype] for column, dtype in columns.items()}
        for kind, columns in TIMELINE_COLUMNS.items()
    }
    assert ours["sources"] == types["seed_event_source"]
    assert ours["events"] == types["seed_event"]
    assert ours["positions"] == types["seed_position"]
    assert ours["measures"] == types["seed_tariff_measure"] | types["seed_measure_event"]
    assert all(set(TIMELINE_KEYS[kind]) <= set(columns) for kind, columns in TIMELINE_COLUMNS.items())
