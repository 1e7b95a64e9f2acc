"""Parts of charts: room for every value, names of bands only where they fit, nothing drawn of nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.charts.layers import tick_band, time_bands, value_axis, value_domain

SPAN = (dt.date(2017, 1, 1), dt.date(2019, 1, 1))


@given(
    st.lists(st.none() | st.floats(-1e12, 1e12), min_size=1).filter(lambda v: any(x is not None for x in v))
)
def test_every_value_has_room_and_what_is_never_negative_has_no_room_below_zero(
    values: list[float | None],
) -> None:
    low, high = value_domain(values)
    numbers = [v for v in values if v is not None]
    assert low <= min(numbers) <= max(numbers) <= high
    assert low < high or max(map(abs, numbers)) < 1e-300
    assert low >= 0 or min(numbers) < 0


def test_a_band_is_named_only_where_its_name_fits() -> None:
    wide, narrow = ("wide", *SPAN), ("a name of many letters", dt.date(2018, 1, 1), dt.date(2018, 1, 20))
    areas, names = time_bands([wide, narrow], SPAN, "#ccc", "#000", width=600)
    assert len(areas) == 1 and areas[0].data["name"].to_list() == ["wide", "a name of many letters"]
    assert names[0].data["name"].to_list() == ["wide"]
    assert time_bands([narrow], SPAN, "#ccc", "#000", width=600)[1] == []


def test_nothing_is_drawn_of_nothing() -> None:
    assert time_bands([], SPAN, "#ccc", "#000", 600) == ([], [])
    assert tick_band([], 300, "#000") == []


@pytest.mark.parametrize(("domain", "written"), [((0.0, 20_000.0), ",~r"), ((0.0, 1.5), "~g")])
def test_numbers_of_an_axis_are_written_by_their_size(domain: tuple[float, float], written: str) -> None:
    assert value_axis("value", domain).to_dict()["axis"]["format"] == written
