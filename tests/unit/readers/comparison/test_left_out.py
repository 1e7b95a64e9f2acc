"""What was left out of a comparison is said, and the gap is the one that was meant."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.left_out import (
    gap_asked,
    missing_sentence,
    own_month_of,
    own_month_sentence,
)
from orchestration.readers.comparison.windows import OWN_MONTH_GAP
from orchestration.readers.rows import DimEvent, RptBeforeAfter
from transforms.statistics import forecasts

JANUARY = dt.date(2018, 1, 1)


def compared(gap: int, months: int = 12) -> RptBeforeAfter:
    return cast("RptBeforeAfter", {"gap_months": gap, "window_months": months})


def test_the_own_month_is_that_of_the_event_or_of_the_day() -> None:
    """A bare date obeys the rule of an event on that day."""
    event: dict[str, Any] = {"own_month": JANUARY}
    assert own_month_of(cast("DimEvent", event), "nafta-round6-end") == JANUARY
    assert own_month_of(None, "2018-01-29") == JANUARY
    assert own_month_of(None, "2018-02-01") is None


def test_the_gap_is_the_one_that_was_meant() -> None:
    """A default that overrides what a person asks for, or a wish that is silently dropped."""
    assert OWN_MONTH_GAP == forecasts.OWN_MONTH_GAP, "the reports hold other rows than are asked for"
    assert [gap_asked(JANUARY, None), gap_asked(None, None)] == [1, 0]
    assert gap_asked(JANUARY, None, keep_event_month=True) == 0
    assert [gap_asked(JANUARY, gap) for gap in (0, 1, 3, 120)] == [0, 1, 3, 120]
    assert gap_asked(JANUARY, 0, keep_event_month=True) == 0
    with pytest.raises(UsageError, match="--keep-event-month"):
        gap_asked(JANUARY, 3, keep_event_month=True)
    for nonsense in (-1, 121):
        with pytest.raises(UsageError, match="cannot be left out"):
            gap_asked(None, nonsense)


def test_what_became_of_the_own_month_is_said_once_and_truly() -> None:
    assert own_month_sentence(None, compared(0)) == []
    assert own_month_sentence(JANUARY, compared(1)) == ["Its own month, 2018-01, is left out."]
    assert own_month_sentence(JANUARY, compared(0)) == ["Its own month, 2018-01, counts as before."]
    # windows of 6 months lie a year back: the own month is in neither, whatever the gap
    assert own_month_sentence(JANUARY, compared(0, 6)) == ["Its own month, 2018-01, is left out."]
    (with_others,) = own_month_sentence(JANUARY, compared(3))
    assert with_others.startswith("The 3 months before the cut are left out, its own month, 2018-01,")


def test_months_without_a_value_are_named_with_their_counterparts() -> None:
    assert missing_sentence([]) == missing_sentence(None) == []
    (said,) = missing_sentence(["2025-10", "2024-10"])
    assert said.startswith("2024-10 and 2025-10 are left out: ")
