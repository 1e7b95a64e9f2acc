"""`headway compare` on a whole warehouse: numbers of the marts, questions that cannot be answered, pictures, programs."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers.comparison.cautions import NOT_REACHED
from orchestration.readers.comparison.compare import compare
from orchestration.readers.comparison.sentences import MAX_WORDS
from orchestration.readers.release_file import records
from tests.support.command_case import command

JOBS = "usa_employment_motor_vehicles_parts"
IMPORTS = "usa_imports_goods_mex"
AUTOS = "s232-autos-effective-2025-04"


@pytest.mark.parametrize("gap", [0, 1, 3])
@pytest.mark.parametrize("months", [6, 12, 24])
def test_numbers_are_those_of_the_report(con: duckdb.DuckDBPyConnection, months: int, gap: int):
    """Two answers to one question: the command and the mart."""
    for basis, as_of in (("latest", None), ("first_release", "first")):
        [row] = records(
            con,
            """from rpt_before_after where event_id = 'nafta-round6-end' and series_id = ? and window_months = ?
               and gap_months = ? and as_of_basis = ?""",
            [JOBS, months, gap, basis],
        )
        found = compare(con, "nafta-round6-end", JOBS, months=months, gap=gap, as_of=as_of)
        assert found.result == row


def test_what_is_no_first_release_is_withheld_with_the_oldest_copy(con: duckdb.DuckDBPyConnection):
    """Imports from Mexico were told 'as first released' from a copy of 2017 and later."""
    with pytest.raises(
        UsageError,
        match=r"no month of the windows has its first release here.*the oldest copy held is of \d{4}",
    ) as caught:
        compare(con, "nafta-round6-end", IMPORTS, as_of="first")
    assert "--as-of DATE takes any window" in str(caught.value)
    text = compare(con, "nafta-round6-end", IMPORTS).text
    assert "Revisions on record have not moved the difference" not in text
    assert (
        "is not held (the oldest copy of them is of 20" in text
        or "No earlier version of these months" in text
    )


def test_no_event_that_is_left_out_of_the_reports_gets_a_verdict(
    con: duckdb.DuckDBPyConnection, home: Settings
):
    """Threats, plans and events without a source had the answer of the phase around them, or the macro's own verdict."""
    left_out = con.execute(
        "select event_id, left_out_because from dim_event where not in_report order by 1"
    ).fetchall()
    assert {"ieepa-mexico-letter-2025-07", "carney-trump-2025-05"} <= {event for event, _ in left_out}
    for event, why in left_out:
        found = compare(con, event, IMPORTS)
        assert found.answer is None and found.result["verdict"] is None, event
        assert f"Nothing is compared around this event: {why}." in found.text
    shown = json.loads(command(home, "compare", event, IMPORTS, "--json").stdout)
    assert (shown["left_out_because"], shown["answer"], shown["result"]["verdict"]) == (why, None, None)
    done = command(home, "compare", event)
    assert (done.returncode, done.stdout) == (2, f"Nothing is compared around this event: {why}.\n")
    with pytest.raises(UsageError, match=f"are not compared around {event}: {why}"):
        compare(con, event, JOBS, control="manufacturing_total")


@pytest.mark.parametrize(
    ("event", "series", "says"),
    [
        ("s301-list3-2018-09", "usa_imports_goods_mex", True),
        ("s301-list3-2018-09", "usa_imports_goods_chn", False),
        ("nafta-round6-end", "usa_imports_goods_mex", False),
        ("2018-10-01", "usa_imports_goods_mex", False),
    ],
)
def test_an_act_that_does_not_reach_the_series_says_so(
    con: duckdb.DuckDBPyConnection, event: str, series: str, says: bool
):
    """Duties on Chinese goods and imports from Mexico: a reader who is told a change and "other events" takes it for one of the duties'. A
    talk is judged as its phase, and a date is no event."""
    for months in (7, 12):
        found = compare(con, event, series, months=months)
        assert (NOT_REACHED in found.text) is says
        assert (NOT_REACHED in found.brief) is says
        assert len(found.brief.split()) <= MAX_WORDS


def test_a_day_before_the_oldest_copy_names_it_and_one_that_works(con: duckdb.DuckDBPyConnection):
    [(oldest,)] = con.execute(
        "select oldest_known_from::date from dim_series where series_id = ?", [IMPORTS]
    ).fetchall()
    refused = compare(con, "nafta-round6-end", IMPORTS, as_of=oldest - dt.timedelta(days=1))
    assert not refused.answered
    assert f"the oldest copy held of the series is of {oldest}" in refused.text
    works = re.search(r"`--as-of (\S+)` or later works", refused.text)
    assert works is not None
    assert compare(con, "nafta-round6-end", IMPORTS, as_of=works[1]).answered
    day_before = dt.date.fromisoformat(works[1]) - dt.timedelta(days=1)
    earlier = compare(con, "nafta-round6-end", IMPORTS, as_of=day_before)
    assert not earlier.answered or earlier.result["n_post"] < 12


def test_macro_and_report_agree_where_both_answer(con: duckdb.DuckDBPyConnection):
    """A bare date on the day of an event is the same comparison, asked of the macro."""
    by_event = compare(con, "nafta-round6-end", IMPORTS).result
    by_date = compare(con, "2018-01-29", IMPORTS).result
    assert by_date["cut_month"] == by_event["cut_month"]
    for name in ("n_pre", "n_post", "pre_mean", "post_mean", "d_log", "second_diff", "preliminary_months"):
        assert by_date[name] == pytest.approx(by_event[name], rel=1e-12), name


def test_round_six(con: duckdb.DuckDBPyConnection):
    """+9.66 % (the worked figure of the design) with the month of the round, +10.53 % without it; with what else happened."""
    kept = compare(con, "nafta-round6-end", IMPORTS, keep_event_month=True)
    assert "differ by +9.66 %" in kept.text and "Its own month, 2018-01, counts as before." in kept.text
    found = compare(con, "nafta-round6-end", IMPORTS)
    assert "differ by +10.53 %" in found.text and "Its own month, 2018-01, is left out." in found.text
    assert f"{found.result['n_other_events']} other events fall into the windows" in found.text
    assert len(found.other_events) == found.result["n_other_events"]


def test_auto_tariffs_by_vintage(con: duckdb.DuckDBPyConnection):
    """-2.07 % as known on 9 January 2026, -3.18 % with the latest figures: the benchmark, not the tariff."""
    then = compare(con, AUTOS, JOBS, as_of="2026-01-09", keep_event_month=True)
    assert "differ by -2.07 %" in then.text
    assert (
        "With the latest figures, the means of the logarithms of the same months differ by -3.18 %"
        in then.text
    )
    assert then.same_months_now["n_post"] == then.result["n_post"] == 8
    # one month more was known after the benchmark: the window grows with the vintage
    assert compare(con, AUTOS, JOBS, as_of=dt.date(2026, 2, 15)).result["n_post"] == 9


@pytest.mark.parametrize(
    ("event", "series", "arguments", "message"),
    [
        (
            "nafta-round6-end",
            JOBS,
            {"as_of": "first", "months": 9},
            "--months 6, 12 or 24 with --gap 0, 1, 3 or 6",
        ),
        ("2018-01-29", JOBS, {"as_of": "first"}, "no bare dates; --as-of DATE"),
        (AUTOS, JOBS, {"as_of": "first", "months": 24}, "--as-of DATE"),
        (
            "nafta-round6-end",
            JOBS,
            {"control": "china_goods"},
            "it has durable_goods_total, manufacturing_total",
        ),
        ("nafta-round6-end", IMPORTS, {"control": "manufacturing_total"}, "it has china_goods"),
        ("nafta-round6-end", "usa_cpi_all_items", {"control": "whole_economy"}, "is declared for"),
        (
            "nafta-round6-end",
            JOBS,
            {"control": "whole_economy", "months": 9},
            "there are --months 6, 12 or 24",
        ),
        ("2018-01-29", JOBS, {"control": "whole_economy"}, "not around the bare date"),
        ("nafta-round6-end", JOBS, {"control": "whole_economy", "as_of": "first"}, "leave --as-of out"),
        ("nafta-round6-end", JOBS, {"method": "astrology"}, "there are all, before_after"),
        (
            "nafta-round6-end",
            "mex_production_vehicles_annual",
            {},
            "monthly ones of the same kind: mex_production",
        ),
        ("nafta-round6-end", JOBS, {"as_of": "yesterday"}, "not a day of the calendar"),
    ],
)
def test_what_cannot_be_answered_says_what_can(
    con: duckdb.DuckDBPyConnection, event: str, series: str, arguments: dict, message: str
):
    with pytest.raises(UsageError, match=re.escape(message)):
        compare(con, event, series, **arguments)


def test_beyond_the_data_the_possible_cuts_are_named(con: duckdb.DuckDBPyConnection):
    """The named cuts are the outermost that can be answered: one further and a window is not whole."""
    found = compare(con, "2031-01", JOBS)
    assert not found.answered and "%" not in found.text
    first, last = re.search(r"fit around cuts from (\d{4}-\d{2}) to (\d{4}-\d{2})", found.text).groups()
    for cut, outside in ((first, -1), (last, 1)):
        assert compare(con, cut, JOBS).result["reason"] != "window is shorter than asked"
        month = dt.date.fromisoformat(f"{cut}-01")
        n = month.year * 12 + month.month - 1 + outside
        beyond = compare(con, f"{n // 12}-{n % 12 + 1:02}", JOBS).result
        assert min(beyond["n_pre"], beyond["n_post"]) < 12


def test_json_holds_what_was_asked(home: Settings, tmp_path: Path):
    picture = tmp_path / "a picture.svg"
    asked = (
        "nafta-round6-end",
        JOBS,
        "--control",
        "manufacturing_total",
        "--method",
        "all",
        "--plot",
        str(picture),
    )
    done = command(home, "compare", *asked, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {
        *("event", "series", "result", "other_events", "episodes", "text", "on_date", "same_months_now"),
        *("control", "methods", "answered", "picture"),
        *("answer", "brief", "control_text", "held", "document", "own_month", "own_events"),
        *("left_out_because",),
    }
    assert answer["answered"] is True and answer["picture"] == str(picture)
    assert answer["control"]["control_set_id"] == "manufacturing_total"
    assert {"method", "difference", "false_alarm_rate", "verdict", "note"} <= set(answer["methods"][0])
    assert picture.read_text().startswith("<svg")


def test_nothing_to_compare_exits_with_2(home: Settings):
    done = command(home, "compare", "2031-01", JOBS)
    assert done.returncode == 2 and "cannot be compared" in done.stdout
