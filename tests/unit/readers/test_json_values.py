"""Values that JSON can hold. Prevents: NaN, which no reader of JSON accepts, and a date that a program gets as a repr."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.json_values import json_value


@dataclass(frozen=True)
class _Point:
    day: dt.date
    value: Decimal


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.decimals(allow_nan=False)
    | st.just(Decimal("NaN"))
)


@pytest.mark.slow
@given(
    st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
)
def test_whatever_a_row_holds_json_can_write(value: object):
    json.dumps(json_value(value), allow_nan=False)


def test_each_kind_has_its_form():
    point = _Point(dt.date(2018, 1, 29), Decimal("1.5"))
    assert json_value(point) == {"day": "2018-01-29", "value": 1.5}
    assert json_value([float("nan"), float("inf"), True, (1, {2})]) == [None, None, True, [1, [2]]]
    assert json_value({1: dt.datetime(2018, 1, 29, 12), "p": Path("a/b")}) == {
        "1": "2018-01-29T12:00:00",
        "p": "a/b",
    }
