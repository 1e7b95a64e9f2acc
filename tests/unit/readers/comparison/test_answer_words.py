"""An answer in words: short, never more than the figures say, and a reason where nothing can be told."""

from __future__ import annotations

import datetime as dt
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.comparison.answer_words import (
    answer_text,
    chance_text,
    design_line,
    design_rows,
    in_the_way,
    list_rows,
    rate_text,
    untold_text,
)
from orchestration.readers.comparison.sentences import MAX_WORDS
from orchestration.readers.rows import DimExpectedEffect, DimSeries
from orchestration.readers.wording import BLOCKERS, DESIGNS
from tests.support import answer_case
from tests.support.answer_case import DUTIES, ROUND_SIX, answer, offer, row, untold
from tests.support.examples import examples

FORBIDDEN = ("caus", "because of the", "led to", "significant", "p-value", "no effect")


def said(kind: str = "prediction", **changed: object) -> DimExpectedEffect:
    effect = {
        "expected_effect_id": "usitc",
        "kind": kind,
        "applies_to": "series",
        "horizon_months": 72,
        "source_title": "USITC, Likely Impact on the U.S. Economy",
    }
    return cast("DimExpectedEffect", effect | changed)


def test_within_the_usual_range_says_the_range_and_not_that_nothing_happened() -> None:
    text = answer_text(answer())
    assert "+9.7 %" in text and "-3.0 % to +13.9 %" in text and "within the usual range" in text
    assert "does not show that nothing happened" in text


def test_outside_says_how_often_the_method_says_so_where_nothing_happened() -> None:
    text = answer_text(answer(row(verdict="outside_usual_range", estimate_pct=21.0)))
    assert (
        "outside the usual range of -3.0 % to +13.9 %" in text and "5.3 % of dates without an event" in text
    )
    assert "says so at no date without an event" in answer_text(
        answer(row(verdict="outside_usual_range", false_alarm_rate=0.0))
    )
    few = {"design": "panel", "variant": "s301_lists", "scope": "panel", "false_alarm_rate": 0.0}
    text = answer_text(answer(row(verdict="outside_usual_range", n_blocks=1, false_alarm_high=0.95, **few)))
    assert (
        "no date without an event, but those fill only one stretch of two years: its rate could be up to 95 %."
        in text
    )
    none = answer_text(answer(row(verdict="outside_usual_range", n_blocks=0, **few)))
    assert "fill only a part of two years: its rate could be any share" in none
    # a rate that nobody measured is not made up
    assert "says so" not in answer_text(answer(row(verdict="outside_usual_range", false_alarm_rate=None)))


@pytest.mark.parametrize(
    "design, words",
    [
        ("placebo_rank", "differed from the 12 months before"),
        ("forecast", "differed from a forecast made of the months before"),
        ("difference_in_differences", "against all manufacturing of the same country"),
        (
            "panel",
            "trade in goods under 'Section 301 lists' changed by +9.7 % against goods and partners that were hit less",
        ),
        (
            "state_panel",
            "the time of 'Talks begin', factory jobs in states that live from this trade changed by +9.7 % against other states",
        ),
    ],
)
def test_each_design_says_what_it_compares(design: str, words: str) -> None:
    variants = {
        "difference_in_differences": "manufacturing_total",
        "panel": "s301 us_imports_hs2 statutory",
        # a panel of states and one of goods may have a family of one name
        "state_panel": "talks us_state_manufacturing log",
    }
    assert words in answer_text(answer(row(design=design, variant=variants.get(design, "own_past"))))


def test_a_level_is_told_in_its_own_unit() -> None:
    points = cast("DimSeries", answer_case.SERIES | {"unit": "percent", "unit_multiplier": 1})
    level = row(scale="level", estimate=1.5, usual_low=-2.0, usual_high=2.0, estimate_pct=None)
    text = answer_text(answer(level, series=points))
    assert (
        "+1.500 percentage points" in text and "-2.000 percentage points to +2.000 percentage points" in text
    )


def test_nothing_told_names_all_that_stands_in_the_way_and_what_would_help() -> None:
    found = answer(untold("covid", "overlap"), offer(blockers=["covid", "overlap"]), rivals=[ROUND_SIX])
    assert "Nothing can be told" in answer_text(found) and "COVID-19 and another act" in answer_text(found)
    lines = in_the_way(found)
    assert lines[:2] == ["In the way: covid; overlap.", "It could be told with something else."]
    assert any("Sixth NAFTA round ends (2018-01-29)" in line for line in lines)
    shorter = in_the_way(answer(untold("too_recent"), told_with=6))
    assert shorter[0] == "With windows of 6 months it can be told: --months 6."


@pytest.mark.parametrize(
    "columns, words",
    [
        ({"could_be_seen": False}, "USITC expected +0.12 % after 72 months: too little to be seen here."),
        ({"could_be_seen": True, "could_be_excluded": True}, "not what came."),
        ({"could_be_seen": True, "could_be_excluded": False}, "what came allows it."),
        ({"could_be_seen": True, "could_be_excluded": None}, "USITC expected +0.12 % after 72 months."),
    ],
)
def test_what_was_expected_is_held_against_the_range(columns: dict[str, bool | None], words: str) -> None:
    figures = {"expected_low_pct": 0.12, "expected_high_pct": 0.12, "expected_effect_id": "usitc"}
    assert answer_text(answer(row(**figures, **columns), expected=said())).endswith(words)


def test_a_range_that_was_expected_is_told_as_one_and_an_estimate_is_not_called_a_prediction() -> None:
    figures = {"expected_low_pct": -5.0, "expected_high_pct": -1.9, "could_be_seen": True}
    text = answer_text(answer(row(**figures), expected=said("estimate", horizon_months=None)))
    assert text.endswith("USITC found -5 % to -1.9 %.")


def test_what_goods_were_expected_to_do_is_told_for_the_duty_of_the_panel() -> None:
    """The figure of another duty, held against this one as it stands, would refute or confirm what it never said."""
    told = {
        "expected_low_pct": -24.3,
        "expected_high_pct": -24.3,
        "could_be_seen": True,
        "could_be_excluded": True,
    }
    goods = said("estimate", applies_to="exposed_goods", horizon_months=7)
    text = answer_text(answer(row(**told), expected=goods))
    assert text.endswith("USITC found -24.3 % after 7 months at this duty: not what is found here.")
    allowed = answer_text(answer(row(**told | {"could_be_excluded": False}), expected=goods))
    assert allowed.endswith("at this duty: what came allows it.")
    prediction = said("prediction", applies_to="exposed_goods", horizon_months=7)
    assert answer_text(answer(row(**told), expected=prediction)).endswith("at this duty: not what came.")


@pytest.mark.parametrize(
    "title, who",
    [
        ("Amiti, Redding and Weinstein, The Impact of the 2018 Tariffs", "Amiti et al. found"),
        (
            "Peterson Institute (Robinson, Noland and others), Trump's Proposed Auto Tariffs",
            "Peterson Institute found",
        ),
        ("USITC, Economic Impact of Section 232 and 301 Tariffs", "USITC found"),
    ],
)
def test_a_source_is_named_by_its_author(title: str, who: str) -> None:
    figures = {"expected_low_pct": 0.0, "expected_high_pct": 0.0}
    goods = said("estimate", source_title=title, applies_to="exposed_goods", horizon_months=None)
    assert answer_text(answer(row(**figures), expected=goods)).endswith(
        f"{who} +0 % for goods wholly under the measure."
    )


def test_a_talk_is_told_as_its_phase() -> None:
    phase = row(scope="phase", treatment_id="phase-nafta_talks", cut_month=dt.date(2017, 9, 1))
    found = answer(phase, asked=ROUND_SIX, phase="NAFTA talks")
    assert "after the start of 'NAFTA talks' in 2017-09" in answer_text(found)
    assert any("has no window of its own" in line for line in in_the_way(found))
    # an act is not called a talk, and why it cannot be told alone is said
    act = answer(phase, asked=DUTIES, phase="Tariff wave", alone=untold("overlap", "strike"))
    assert any("by itself it cannot be told: another act and a strike." in line for line in in_the_way(act))


def test_acts_of_one_month_are_told_together() -> None:
    text = answer_text(answer(asked=DUTIES, together=[ROUND_SIX, ROUND_SIX]))
    assert "'Duty on metals of Canada and Mexico' (2018-06-01) and 2 other acts with this cut" in text


def test_the_answer_leads_the_table_and_a_blocked_design_shows_no_figure() -> None:
    """A figure beside a reason against it would be quoted without the reason."""
    found = answer(
        row(design="forecast"),
        offer("difference_in_differences", 3, blockers=["pretrend"], estimate=9.0),
        offer("forecast", 4, is_answer=True),
        offer("placebo_rank", 5),
    )
    table = design_rows(found)
    assert [r["design"] for r in table] == ["Against a forecast", "Against its own past", "Against controls"]
    assert table[2]["estimate"] == table[2]["usual range"] == table[2]["how often it errs"] == ""
    assert table[2]["verdict"] == "not to be told: they moved apart before"
    assert table[0]["how often it errs"] == "5.3 % ± 2.6"


def test_a_row_of_the_table_is_a_line_where_the_terminal_is_narrow() -> None:
    """A record of five lines a design would push what stands in the way off the screen."""
    found = answer(row(), offer("forecast", 4, is_answer=True), offer("panel", 1, blockers=["pretrend"]))
    assert [design_line(each) for each in design_rows(found)] == [
        "Against a forecast: +9.7 %, usual -3.0 % to +13.9 %: within the usual range; errs 5.3 % ± 2.6",
        "Panel of goods: not to be told: they moved apart before",
    ]


def test_a_rate_without_an_error_or_not_measured_says_so() -> None:
    assert rate_text(None, None) == "not measured" and rate_text(0.061, None) == "6.1 %"


def test_a_rate_of_few_stretches_is_not_shown_as_one_of_many() -> None:
    for design in ("panel", "state_panel"):
        panel = offer(
            design,
            1,
            is_answer=True,
            n_blocks=3,
            false_alarm_rate=0.043,
            false_alarm_se=None,
            false_alarm_high=0.67,
        )
        table = design_rows(answer(row(design=design, scope="panel"), panel))
        assert table[0]["how often it errs"] == "4.3 % in 3 stretches of two years, up to 67 % possible"


def test_a_panel_says_nothing_of_the_total() -> None:
    lines = in_the_way(answer(row(design="panel", scope="panel")))
    assert any("says nothing of the total (Imports of goods, USA from Mexico)" in line for line in lines)


def test_the_era_of_the_usual_range_is_said() -> None:
    """What imports from China usually did before 2008 is no measure of today."""
    dates = {"range_first_cut": dt.date(1986, 1, 1), "range_last_cut": dt.date(2016, 12, 1)}
    assert any("from 1986-01 to 2016-12" in line for line in in_the_way(answer(row(**dates))))


def test_designs_that_disagree_are_a_flag_beside_the_answer() -> None:
    assert any("do not agree" in line for line in in_the_way(answer(row(designs_disagree=True))))
    assert not any("do not agree" in line for line in in_the_way(answer()))


def test_what_cannot_be_told_is_counted_once() -> None:
    assert untold_text(0, []) == ""
    text = untold_text(80, [{"blocker": "covid", "n_answers": 80}, {"blocker": "history", "n_answers": 28}])
    assert text == (
        "Nothing can be told about 80 other series that it reaches: COVID-19 (80), too little history (28)."
    )


def test_a_list_shows_logarithms_as_percentages_and_levels_in_their_unit() -> None:
    line = {
        "treatment_id": "act-2018-06", "series_id": "s", "series_title": "S", "unit": "USD", "unit_multiplier": 1_000_000,
        "window_months": 12, "cut_month": dt.date(2018, 6, 1), "treatment_title": "Duties", "event_ids": ["e"],
        "timelines": [], "scope": "act", "design": "forecast", "scale": "log", "estimate": 0.0922, "usual_low": -0.03,
        "usual_high": 0.13, "verdict": "within_usual_range", "false_alarm_rate": 0.05, "n_blocks": 9,
        "could_be_seen": None,
        "designs_disagree": False,
    }  # fmt: skip
    log, level = list_rows([line, line | {"scale": "level", "estimate": -5.0}])
    few = list_rows([line | {"design": "panel", "n_blocks": 1}])[0]
    assert log["errs"] == "5.0 %" and few["errs"] == "5.0 % (few dates)"
    assert log["differs by"] == "+9.7 %" and level["differs by"] == "-5.000 million USD"


def test_chance_is_counted_beside_what_left_its_range() -> None:
    """Best-first lists begin with what is unusual: a reader must see how much of that nothing would give."""
    within = {"verdict": "within_usual_range", "design": "forecast", "n_blocks": 9, "false_alarm_rate": 0.05}
    outside = within | {"verdict": "outside_usual_range"}
    assert chance_text([outside] * 6 + [within] * 94).startswith(
        "Of 100 answers 6 lie outside their usual range; about 5 would"
    )
    assert "say little one by one" in chance_text([outside] * 6 + [within] * 94)
    assert "say little" not in chance_text([outside] * 40 + [within] * 60)
    assert chance_text([within | {"false_alarm_rate": None}]) == ""
    # a panel that never erred in one stretch still counts at the nominal rate
    assert "about 5 would" in chance_text(
        [within | {"design": "panel", "n_blocks": 1, "false_alarm_rate": 0.0}] * 100
    )


words = st.lists(
    st.sampled_from(["imports", "of", "vehicles,", "not", "seasonally", "adjusted"]), min_size=1, max_size=60
)


@given(
    words,
    words,
    st.sampled_from(sorted(DESIGNS)),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(sorted(BLOCKERS)), min_size=1, unique=True),
)
@examples(200)
def test_no_answer_is_longer_than_a_screen_can_take_or_claims_a_cause(
    title: list[str], event: list[str], design: str, told: bool, outside: bool, blockers: list[str]
) -> None:
    """The text of a question with long titles is cut, and never loses its first sentence."""
    series = cast("DimSeries", answer_case.SERIES | {"title": " ".join(title)})
    asked = DUTIES | {"title": " ".join(event)}
    verdict = "outside_usual_range" if outside else "within_usual_range"
    figures = {"expected_low_pct": 1.0, "expected_high_pct": 2.0, "could_be_seen": False}
    answered = row(design=design, verdict=verdict, **figures) if told else untold(*blockers, **figures)
    text = answer_text(answer(answered, series=series, asked=asked, together=[ROUND_SIX], expected=said()))
    assert 5 < len(text.split()) <= MAX_WORDS
    assert not any(word in text.lower() for word in FORBIDDEN)
