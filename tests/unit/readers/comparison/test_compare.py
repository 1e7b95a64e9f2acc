"""Before and after in words: the numbers are the macro's, and nothing is claimed that they do not say."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import math
import re
from collections.abc import Iterator
from statistics import fmean

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.caution_lines import caution_lines
from orchestration.readers.comparison.compare import compare
from orchestration.readers.comparison.sentences import brief, paragraph, what_would_work
from orchestration.readers.dashboard.compare_words import verdict_sentence
from orchestration.readers.release_file import open_release
from orchestration.readers.rows import DimEvent, DimSeries, RptBeforeAfter
from tests.support import reading_case
from tests.support.examples import examples

IMPORTS = "usa_imports_goods_mex"
BEFORE, AFTER = reading_case.IMPORTS[24:36], reading_case.IMPORTS[36:48]


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = reading_case.settings(tmp_path_factory.mktemp("home"))
    reading_case.write_release(home)
    with open_release(home) as connection:
        yield connection


def test_round_six_and_imports_from_mexico(con: duckdb.DuckDBPyConnection):
    """The figure of the design: +9.66 % on 12 against 12 months, with the month of the round, which counts as before then."""
    found = compare(con, "nafta-round6-end", IMPORTS, keep_event_month=True)
    change = 100 * math.expm1(fmean(map(math.log, AFTER)) - fmean(map(math.log, BEFORE)))
    assert change == pytest.approx(9.662, abs=1e-3)
    assert 100 * math.expm1(found.result["d_log"]) == pytest.approx(change, abs=1e-9)
    assert "differ by +9.66 %" in found.text
    assert f"averaged {fmean(AFTER):,.0f} million USD" in found.text
    assert "2018-02 to 2019-01" in found.text and "2017-02 to 2018-01" in found.text
    earlier = 100 * math.expm1(
        fmean(map(math.log, BEFORE)) - fmean(map(math.log, reading_case.IMPORTS[12:24]))
    )
    assert f"one window earlier shows {earlier:+.2f} %" in found.text


def test_the_own_month_is_left_out_unless_it_is_kept(con: duckdb.DuckDBPyConnection):
    """29 January 2018 counted as 'before' with all of January, 2 of whose days came after."""
    found = compare(con, "nafta-round6-end", IMPORTS)
    change = fmean(map(math.log, AFTER)) - fmean(map(math.log, reading_case.IMPORTS[23:35]))
    assert found.result["gap_months"] == 1 and found.result["d_log"] == pytest.approx(change)
    assert "Its own month, 2018-01, is left out." in found.text and "2017-01 to 2017-12" in found.text
    kept = compare(con, "nafta-round6-end", IMPORTS, keep_event_month=True)
    assert kept.result == compare(con, "nafta-round6-end", IMPORTS, gap=0).result
    assert kept.result["gap_months"] == 0 and "Its own month, 2018-01, counts as before." in kept.text
    three = compare(con, "nafta-round6-end", IMPORTS, gap=3)
    assert three.result["gap_months"] == 3 and "its own month, 2018-01, with them" in three.text
    first_day = compare(con, "s232-steel", IMPORTS, months=6)
    assert first_day.result["gap_months"] == 0 and "own month" not in first_day.text
    with pytest.raises(UsageError, match="leave out --gap or --keep-event-month"):
        compare(con, "nafta-round6-end", IMPORTS, gap=3, keep_event_month=True)


def test_series_and_event_may_be_named_in_either_order(con: duckdb.DuckDBPyConnection):
    """The command takes the event first and the macros take the series first."""
    assert compare(con, IMPORTS, "nafta-round6-end") == compare(con, "nafta-round6-end", IMPORTS)
    assert compare(con, IMPORTS, "2018-01-29").event is None
    with pytest.raises(UsageError, match="there is no event 'no-such-event'"):
        compare(con, "no-such-event", IMPORTS)
    with pytest.raises(UsageError, match="there is no series 'nonsense'"):
        compare(con, "nafta-round6-end", "nonsense")


def test_what_else_happened_is_told_and_what_did_not_happen_is_not(con: duckdb.DuckDBPyConnection):
    found = compare(con, "nafta-round6-end", IMPORTS)
    # a talk is nobody's rival
    assert [event["event_id"] for event in found.other_events] == ["s232-steel"]
    assert "Duty on metals of Canada and Mexico (2018-03-08)" in found.text
    assert "Seventh NAFTA round ends" not in found.text
    assert "Never happened" not in found.text and "rumour" not in found.text
    assert "A strike (2018-11-05 to now)" in found.text
    assert "cannot be told apart" in found.text


@pytest.mark.parametrize(
    ("event", "why"),
    [("threat", "never in force"), ("rumour", "confidence is low")],
    ids=["threat", "rumour"],
)
def test_an_event_that_is_not_compared_is_described_without_a_verdict(
    con: duckdb.DuckDBPyConnection, event: str, why: str
):
    """A threat that came to nothing got the verdict of any day, although the pages say that it is never compared."""
    found = compare(con, event, IMPORTS, months=6, method="all")
    said = f"Nothing is compared around this event: {why}. The two periods are described, not judged."
    for text in (found.brief, found.text):
        assert text.startswith(said) and "differ by" in text
        assert "Verdict" not in text and "usual" not in text
    assert found.left_out_because == why and found.answered and found.answer is None
    assert found.result["verdict"] is None and found.result["reason"] == why
    assert found.methods and not any(method.verdict for method in found.methods)
    assert f"Nothing is compared around this event: {why}." in caution_lines(found)
    assert verdict_sentence(found).endswith(
        f": described, not judged. Nothing is compared around this event: {why}."
    )
    assert compare(con, "s232-steel", IMPORTS, months=6).left_out_because is None
    assert compare(con, "2018-04-01", IMPORTS, months=6).left_out_because is None


def test_the_cut_of_a_tariff_is_the_day_it_took_effect(con: duckdb.DuckDBPyConnection):
    """s232-steel was dated March and took effect in June 2018: six months to May 2018 hold the round, not the tariff."""
    three = {event["event_id"] for event in compare(con, "2018-03-01", IMPORTS, months=3).other_events}
    four = {event["event_id"] for event in compare(con, "2018-03-01", IMPORTS, months=4).other_events}
    assert "s232-steel" not in three
    assert "s232-steel" in four


def test_company_is_counted_as_it_is_said_aloud(con: duckdb.DuckDBPyConnection):
    """'1 other events fall', and 'So do unusual months' where nothing had been said to fall into the windows."""
    found = compare(con, "2018-01-29", IMPORTS)
    one = "1 other event falls into the windows: 'Duty on metals of Canada and Mexico' (2018-03-08)."
    assert one in found.brief
    episodes = [*found.episodes, *found.episodes]
    told = brief(found.series, "e", None, found.result, [*found.other_events] * 2, [])
    assert "2 other events fall into the windows, the nearest 'Duty on metals" in told
    told = brief(found.series, "e", None, found.result, [], episodes)
    assert "Unusual months fall into the windows: A strike and others." in told and "other event" not in told


def test_a_bare_date_needs_no_event(con: duckdb.DuckDBPyConnection):
    found = compare(con, "2018-01-29", IMPORTS)
    assert found.event is None
    assert found.result["d_log"] == compare(con, "nafta-round6-end", IMPORTS).result["d_log"]
    assert compare(con, "2018-06-01", IMPORTS).other_events[0]["event_id"] == "s232-steel", "nobody's own act"


def test_an_earlier_vintage_answers_with_what_was_known(con: duckdb.DuckDBPyConnection):
    series = "usa_employment_motor_vehicles_parts"
    then = compare(con, "2025-05-01", series, months=1, as_of="2026-01-09")
    now = compare(con, "2025-05-01", series, months=1)
    assert (then.result["pre_mean"], then.result["post_mean"]) == (999.3, 1002.2)
    assert (now.result["pre_mean"], now.result["post_mean"]) == (972.1, 974.3)
    assert "Figures as known on 2026-01-09" in then.text
    assert "Figures as known on 2026-02-15" in now.text


def test_a_day_that_has_not_come_is_refused(con: duckdb.DuckDBPyConnection):
    """'Figures as known on 2099-01-01' is more than anybody can say."""
    with pytest.raises(UsageError, match="as-of 2099-01-01 is after today"):
        compare(con, "nafta-round6-end", IMPORTS, as_of="2099-01-01")
    # a day on which the release knew a figure is none of the future, whatever the clock says
    assert compare(con, "nafta-round6-end", IMPORTS, as_of="2026-10-10").on_date == dt.date(2026, 10, 10)


def test_a_short_window_is_called_short(con: duckdb.DuckDBPyConnection):
    assert (
        "In 8 of the 12 months (the rest is not known) after 2018-06-01"
        in compare(con, "2018-06", IMPORTS).text
    )


def test_windows_of_other_than_whole_years_are_said_to_be_seasonal(con: duckdb.DuckDBPyConnection):
    assert "12 months before, 2017-01" in compare(con, "nafta-round6-end", IMPORTS).text
    assert "6 months of the same season before" in compare(con, "nafta-round6-end", IMPORTS, months=6).text


def test_a_month_of_almost_nothing_is_not_told_as_growth_of_the_whole():
    """Twelve months of 1,000 against eleven of 1,000 and one of 10: 47 % in logarithms, 9 % in plain means."""
    result = RANKED | {"pre_mean": 917.5, "post_mean": 1000.0, "d_log": math.log(100) / 12}
    text = paragraph(SERIES, "e", None, result, [], [])
    assert "logarithms differ by +46.78 %" in text
    assert "The plain means differ by +8.99 %" in text


def test_windows_outside_the_series_give_a_reason_and_no_number(con: duckdb.DuckDBPyConnection):
    text = compare(con, "1950-01-01", IMPORTS).text
    assert "cannot be compared: no month of a window is known" in text
    assert "%" not in text


@pytest.mark.parametrize(
    ("months", "end"),
    [
        (12, "12 months."),
        (3, "3 months, which are compared with the same months of the year before."),
        (15, "15 months, which are compared with the same months of 2 years before."),
    ],
)
def test_a_series_too_short_for_a_season_says_what_its_windows_are_compared_with(months: int, end: str):
    """14 months are more than twice three, so that "too short for windows of 3 months" reads like a mistake."""
    series = SERIES | {
        "first_period": dt.date(2025, 1, 1),
        "last_period": dt.date(2026, 2, 1),
        "break_period": None,
    }
    result = RANKED | {
        "window_months": months,
        "gap_months": 0,
        "pre_start": dt.date(2024, 1, 1),
        "post_end": dt.date(2025, 12, 1),
    }
    said = what_would_work(series, result)
    assert said == f" The series has 2025-01 to 2026-02, too short for windows of {end}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"event": "nafta-round-6"}, "did you mean nafta-round6-end"),
        ({"series": "imports_mexico"}, "did you mean usa_imports_goods_mex"),
        ({"series": "mex_production_cars_annual"}, "only monthly series"),
        ({"months": 0}, "take 1 to 120"),
        ({"months": 121}, "take 1 to 120"),
        ({"gap": -1}, "take 0 to 120"),
        ({"as_of": "soon"}, "not a day of the calendar"),
    ],
)
def test_a_question_that_makes_no_sense_says_what_would(
    con: duckdb.DuckDBPyConnection, arguments: dict, message: str
):
    with pytest.raises(UsageError, match=message):
        compare(con, **({"event": "nafta-round6-end", "series": IMPORTS} | arguments))


# --- wording ---

SERIES = dict.fromkeys(DimSeries.__annotations__) | {
    "series_id": IMPORTS,
    "title": "Imports",
    "seasonal_adjustment": "NSA",
    "unit": "USD",
    "unit_multiplier": 1_000_000,
}
EVENT = dict.fromkeys(DimEvent.__annotations__) | {
    "event_id": "e",
    "title": "An event",
    "event_date": "2018-01-29",
}
#: never a cause, never a test (the design's rule for all texts)
FORBIDDEN = re.compile(r"caus|due to|because|led to|effect of|impact|signific|p-value|p =|welch|t-test", re.I)

number = st.none() | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
log_points = st.none() | st.floats(min_value=-5, max_value=5)


#: a row of rpt_before_after in which only what may not be null is known
NOTHING_KNOWN = dict.fromkeys(RptBeforeAfter.__annotations__) | {
    "event_id": "e",
    "series_id": IMPORTS,
    "window_months": 12,
    "gap_months": 0,
    "as_of_basis": "latest",
    "cut_month": dt.date(2018, 2, 1),
    "pre_start": dt.date(2017, 2, 1),
    "pre_end": dt.date(2018, 1, 1),
    "post_start": dt.date(2018, 2, 1),
    "post_end": dt.date(2019, 1, 1),
    "n_pre": 0,
    "n_post": 0,
    "n_placebo": 0,
    "n_other_events": 0,
    "identified": True,
    "episodes_in_window": [],
    "preliminary_months": 0,
    "verdict": "not_computable",
}


@st.composite
def results(draw: st.DrawFn) -> dict:
    whole = draw(st.booleans())
    return NOTHING_KNOWN | {
        "n_pre": 12 if whole else draw(st.integers(0, 12)),
        "n_post": 12 if whole else draw(st.integers(0, 12)),
        "scale": (scale := draw(st.sampled_from(["log", "level"]))),
        "pre_mean": (mean := draw(number)),
        "post_mean": mean if mean is None else draw(number.filter(lambda v: v is not None)),
        "d_log": draw(log_points.filter(lambda v: v is not None)) if scale == "log" else None,
        "d_level": draw(number.filter(lambda v: v is not None)),
        "second_diff": draw(log_points if scale == "log" else number),
        "trend_dev": draw(log_points if scale == "log" else number),
        "std_diff": draw(log_points),
        "welch_t": draw(number),
        "welch_df": draw(number),
        "placebo_rank": draw(st.none() | st.floats(0, 1)),
        "n_placebo": 118,
        "verdict": draw(st.sampled_from(["outside_usual_range", "within_usual_range", "confounded"])),
        "identified": draw(st.booleans()),
        "preliminary_months": draw(st.integers(0, 3)),
        "as_of": draw(st.none() | st.just(dt.date(2026, 10, 10))),
        "reason": draw(st.none() | st.just("a month is missing")),
    }


@examples(50)
@given(results(), st.booleans(), st.integers(0, 5), st.integers(0, 2))
@example(
    NOTHING_KNOWN
    | {"n_pre": 12, "n_post": 12, "pre_mean": 2.0, "post_mean": 5e-324, "scale": "log", "d_log": 0.0},
    False,
    0,
    0,
)
@example(
    NOTHING_KNOWN
    | {"n_pre": 12, "n_post": 12, "pre_mean": 5e-324, "post_mean": 1e12, "scale": "log", "d_log": 0.0},
    False,
    0,
    0,
)
def test_any_result_has_a_text_without_claims_or_holes(
    result: dict, with_event: bool, others: int, episodes: int
):
    text = paragraph(
        SERIES,
        "e",
        EVENT if with_event else None,
        result,
        [EVENT] * others,
        [{"title": "COVID-19", "starts_on": "2020-02-01", "ends_on": None}] * episodes,
    )
    assert not FORBIDDEN.search(text)
    assert "None" not in text and "nan" not in text
    assert ("cannot be compared" in text) == (result["pre_mean"] is None) == ("differ" not in text)


@pytest.mark.parametrize(
    "module",
    [
        "readers.comparison.compare",
        "readers.comparison.sentences",
        "readers.comparison.methods",
        "readers.comparison.method",
        "readers.comparison.method_result",
        "readers.comparison.answers",
        "readers.comparison.cautions",
        "readers.comparison.controls",
        "readers.wording",
        "cli.method_rows",
    ],
)
def test_the_modules_themselves_never_speak_of_causes(module: str):
    source = inspect.getsource(importlib.import_module(f"orchestration.{module}"))
    without_docstrings = re.sub(r'""".*?"""', "", source, flags=re.S)
    # names of columns are no words of ours: left_out_because says why an event is not compared
    without_columns = re.sub(r"""\[(["'])\w+\1\]""", "", without_docstrings)
    strings = re.findall(r'f?"([^"]*)"', without_columns)
    assert not [text for text in strings if FORBIDDEN.search(text)]


RANKED = NOTHING_KNOWN | {
    "verdict": "within_usual_range",
    "n_pre": 12,
    "n_post": 12,
    "scale": "log",
    "pre_mean": 100.0,
    "post_mean": 110.0,
    "d_log": math.log(1.1),
    "placebo_rank": 0.046,
    "n_placebo": 118,
    "mde95": math.log(1.085),
    "false_alarm_rate": 0.0351,
    "as_of_basis": "latest",
}


def test_how_unusual_is_said_with_rank_range_rule_and_reason():
    judged = paragraph(SERIES, "e", None, RANKED | {"verdict": "outside_usual_range"}, [], [])
    assert "At 4.6 % of 118 other dates of this series without a known event" in judged
    assert "more than 8.5 % from the usual" in judged
    assert (
        "Verdict: outside the usual range of this series; this rule says 'outside' at 3.5 % of the dates"
        in judged
    )
    withheld = RANKED | {
        "placebo_rank": None,
        "mde95": None,
        "verdict": "confounded",
        "reason": "an episode touches a window",
    }
    text = paragraph(SERIES, "e", None, withheld, [], [])
    assert "Verdict: not told apart from unusual months (an episode touches a window)." in text
    assert "other dates" not in text and "rule says" not in text


def test_what_can_be_told_begins_where_the_verdict_changes():
    """A difference 10 % from the usual was 'within', beside a sentence that whatever is more than 8.5 % from it can be told."""
    text = paragraph(SERIES, "e", None, RANKED | {"distance_at_threshold": math.log(1.12)}, [], [])
    assert "Only what is more than 12.0 % from the usual can be told" in text and "8.5 %" not in text


@pytest.mark.parametrize(
    ("basis", "effect", "says"),
    [
        (
            "latest",
            math.log(1.1 / 1.02),
            "With each month as first released, the means of the logarithms differ by +2.00 %.",
        ),
        (
            "first_release",
            math.log(1.02 / 1.1),
            "With the latest figures, the means of the logarithms differ by +2.00 %.",
        ),
        ("latest", 0.0001, "Revisions on record have not moved the difference."),
    ],
)
def test_what_revisions_do_is_said_the_right_way_round(basis: str, effect: float, says: str):
    """revision_effect is latest less first: subtracted from the one, added to the other."""
    text = paragraph(SERIES, "e", None, RANKED | {"as_of_basis": basis, "revision_effect": effect}, [], [])
    assert says in text
