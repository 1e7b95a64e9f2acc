"""The statements behind a picture: the vintage that was compared, the window after, the same question for a bare date."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, cast

from orchestration.readers.comparison import picture
from orchestration.readers.comparison.compare import Comparison

RESULT: Any = {
    "as_of_basis": "latest",
    "window_months": 12,
    "gap_months": 3,
    "cut_month": dt.date(2018, 2, 1),
    "post_start": dt.date(2018, 2, 1),
    "post_end": dt.date(2019, 1, 1),
}
ROUND = Comparison(
    event=cast("Any", {"event_id": "nafta-round6-end"}),
    series=cast("Any", {"series_id": "usa_imports_goods_mex"}),
    result=RESULT,
    other_events=[],
    episodes=[],
    text="",
)


def test_the_figures_are_those_of_the_vintage_that_was_compared() -> None:
    # a picture of the latest figures beside a comparison of earlier ones would show other means than it says
    assert "from fct_observation " in picture.observed(ROUND).sql
    earlier = replace(ROUND, on_date=dt.date(2026, 1, 9))
    assert "from as_of($on_date) " in picture.observed(earlier).sql
    assert picture.observed(earlier).parameters["on_date"] == dt.date(2026, 1, 9)
    first = replace(ROUND, result={**RESULT, "as_of_basis": "first_release"})
    assert "first_value as value" in picture.observed(first).sql


def test_an_expectation_is_drawn_over_the_window_after_with_its_gap() -> None:
    expected = picture.expected(ROUND)
    assert expected is not None
    assert expected.parameters == {
        "event": "nafta-round6-end",
        "series": "usa_imports_goods_mex",
        "model": picture.MODEL,
        "gap": 3,
        "first": dt.date(2018, 2, 1),
        "last": dt.date(2019, 1, 1),
    }


def test_no_expectation_is_drawn_where_the_report_has_none() -> None:
    assert picture.expected(replace(ROUND, event=None)) is None
    assert picture.expected(replace(ROUND, on_date=dt.date(2026, 1, 9))) is None
    first = replace(ROUND, result={**RESULT, "as_of_basis": "first_release"})
    assert picture.expected(first) is None
    assert picture.placebos(first) is None


def test_a_bare_date_is_given_to_the_macros_as_the_first_day_of_its_cut() -> None:
    assert picture.macro_parameters(replace(ROUND, event=None))["event"] == "2018-02-01"
    placebos = picture.placebos(ROUND)
    assert placebos is not None and placebos.parameters["event"] == "nafta-round6-end"
