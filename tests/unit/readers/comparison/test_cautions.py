"""Cautions are due when their rule says so, and each has one wording."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest

from orchestration.readers.comparison import cautions
from orchestration.readers.rows import DimEpisode, DimSeries, RptBeforeAfter

SERIES = cast("DimSeries", {"unit": "USD", "unit_multiplier": 1_000_000, "vintage_count": 1})


def compared(**columns: Any) -> RptBeforeAfter:
    """A row of rpt_before_after with the columns that cautions read."""
    row = {
        "scale": "log",
        "pre_mean": 100.0,
        "identified": True,
        "max_shared_post_share": 0.0,
        "rival_event_ids": [],
        "preliminary_months": 0,
        "revision_effect": None,
        "n_post": 12,
        "window_months": 12,
        "months_left_out": [],
    }
    return cast("RptBeforeAfter", row | columns)


@pytest.mark.parametrize(
    "columns, said",
    [
        ({"revision_effect": 0.0004}, []),
        ({"revision_effect": 0.01}, ["Revisions since the first release moved this difference by +1.01 %."]),
        # a difference in units is noted by the same share of the mean, however large its numbers are
        ({"scale": "level", "revision_effect": 0.04}, []),
        (
            {"scale": "level", "revision_effect": -2.5},
            ["Revisions since the first release moved this difference by -2.500 million USD."],
        ),
        ({"revision_effect": None}, []),
    ],
)
def test_a_revision_is_noted_where_it_is_more_than_rounding(columns: dict[str, Any], said: list[str]) -> None:
    assert cautions.revised(compared(**columns), SERIES) == said


def test_an_event_is_compared_unless_the_release_leaves_it_out() -> None:
    """The reason was told by the pages of reports alone."""
    compared_one: Any = {"in_report": True, "left_out_because": None}
    assert cautions.left_out_because(None) is None and cautions.left_out_because(compared_one) is None
    left_out: Any = {"in_report": False, "left_out_because": "never in force"}
    assert cautions.left_out_because(left_out) == "never in force"
    assert cautions.left_out_because({**left_out, "left_out_because": None}) == "it is not in the reports"


def test_other_events_are_counted_and_the_nearest_named() -> None:
    others = [{"title": f"Event {n}", "event_date": dt.date(2018, n, 1)} for n in range(1, 6)]
    assert cautions.others_fall_in([]) == []
    assert cautions.others_fall_in(others[:1]) == [
        "1 other event falls into the windows: Event 1 (2018-01-01)."
    ]
    assert cautions.others_fall_in(others) == [
        "5 other events fall into the windows, the nearest: Event 1 (2018-01-01); Event 2 (2018-02-01); "
        "Event 3 (2018-03-01)."
    ]


def test_what_the_user_added_is_told_and_not_counted() -> None:
    """A reader would take an own event for one that has an answer, or miss one that is not among the rivals."""
    others = [{"title": f"Plant {n}", "event_date": dt.date(2018, n, 1)} for n in range(1, 6)]
    assert cautions.of_own_timelines(None, []) == []
    assert cautions.of_own_timelines({"origin": "headway"}, []) == []
    (said,) = cautions.of_own_timelines({"origin": "user"}, [])
    assert "of your own timelines" in said and "every bundled act" in said
    assert cautions.of_own_timelines(None, others[:1]) == [
        "Of your own timelines 1 falls into the windows, not counted as a rival: Plant 1 (2018-01-01)."
    ]
    assert cautions.of_own_timelines(None, others)[0].startswith(
        "Of your own timelines 5 fall into the windows, not counted as a rival, the nearest: Plant 1"
    )


def test_events_that_cannot_be_told_apart_are_said_to_be_so() -> None:
    assert cautions.not_identified(compared()) == []
    shared = compared(identified=False, max_shared_post_share=0.67, rival_event_ids=["duty"])
    (said,) = cautions.not_identified(shared)
    assert said.startswith(cautions.CANNOT_BE_TOLD_APART) and said.endswith("67 %.")
    # a talk has nothing in its way and still no window of its own
    assert cautions.not_identified(compared(identified=False)) == [cautions.JUDGED_AS_PHASE]


def test_unusual_months_have_their_span() -> None:
    episode = {"title": "Strike", "starts_on": dt.date(2019, 9, 1), "ends_on": None}
    assert cautions.unusual_months([cast("DimEpisode", episode)]) == [
        "The windows hold unusual months: Strike (2019-09-01 to now)."
    ]


@pytest.mark.parametrize(
    "known, months, due", [(12, 12, False), (5, 12, True), (0, 12, False), (5, 6, False), (20, 24, True)]
)
def test_a_window_of_whole_years_that_is_not_over_differs_in_season(
    known: int, months: int, due: bool
) -> None:
    assert bool(cautions.short_window(compared(n_post=known, window_months=months))) is due


def test_vintages_are_named() -> None:
    assert cautions.preliminary(compared(preliminary_months=2)) == [
        "2 of the months are preliminary and will be revised."
    ]
    assert len(cautions.one_version(SERIES)) == 1
    assert cautions.one_version(cast("DimSeries", {**SERIES, "vintage_count": 2})) == []
