"""Numbers of another size are refused where a reply states no unit."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.magnitude import refuse_other_magnitude
from transforms.parse.outcome import SchemaChangedError
from transforms.parse.reply import Rows, SeriesReply


def reply(values: list[float | None], code: str = "x") -> SeriesReply:
    rows = Rows("test")
    for number, value in enumerate(values):
        month = date(2000 + number // 12, number % 12 + 1, 1)
        rows.add(code, month, "monthly", value, "missing" if value is None else "normal")
    return rows.reply()


@examples(50)
@given(st.lists(st.floats(100, 1000), min_size=1, max_size=60), st.sampled_from([1000, 0.001]))
def test_a_thousandfold_is_refused_and_the_numbers_themselves_pass(values, factor):
    refuse_other_magnitude(reply(values), {"x": (50, 2000)}, source="test")
    with pytest.raises(SchemaChangedError, match="x comes in another size"):
        refuse_other_magnitude(reply([v * factor for v in values]), {"x": (50, 2000)}, source="test")


def test_a_lockdown_is_no_other_unit():
    """Mexico built 6,373 vehicles in April 2020, and some 300,000 in other months."""
    refuse_other_magnitude(reply([300_000.0] * 20 + [6_373.0] * 3), {"x": (50_000, 2_000_000)}, source="test")


def test_old_numbers_do_not_hide_a_change_of_unit():
    with pytest.raises(SchemaChangedError):
        refuse_other_magnitude(reply([300.0] * 400 + [300_000.0] * 24), {"x": (50, 2_000)}, source="test")


def test_deficits_count_by_their_size_and_gaps_not_at_all():
    refuse_other_magnitude(reply([None, -500.0, None]), {"x": (50, 2_000)}, source="test")
    refuse_other_magnitude(reply([None]), {"x": (50, 2_000)}, source="test")
    refuse_other_magnitude(reply([1e9], "undeclared"), {"x": (50, 2_000)}, source="test")
