"""What an assistant is told. Prevents: a figure that reaches a reader without its cautions, its vintage or its citation; a
query that fills the assistant's memory, writes, or reads another file."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers.assistant import tools
from orchestration.readers.assistant.replies import Reply
from orchestration.readers.citation import cite as cite_one
from orchestration.readers.comparison import answer_words
from orchestration.readers.comparison.answer import answer_of
from orchestration.readers.comparison.caution_lines import caution_lines
from orchestration.readers.comparison.compare import compare
from orchestration.readers.lookup import list_series
from orchestration.readers.release_file import open_release
from tests.support.examples import examples

SERIES, ROUND, DUTY = "usa_imports_goods_mex", "nafta-round6-end", "s232-steel"
#: a question to every tool
QUESTIONS: Mapping[Callable[..., Reply], Mapping[str, Any]] = {
    tools.find_series: {"words": "mexico"},
    tools.find_events: {"words": "round"},
    tools.answer: {"event": DUTY, "series": SERIES},
    tools.list_answers: {"event": DUTY},
    tools.compare: {"event": ROUND, "series": SERIES},
    tools.trace: {"series": "CES3133600101", "period": "2025-04"},
    tools.cite: {"what": [SERIES, ROUND]},
    tools.query: {"sql": "from dim_event"},
}


@pytest.mark.parametrize("tool", tools.TOOLS, ids=lambda tool: tool.__name__)
def test_every_reply_has_release_vintage_cautions_and_citations(
    asked_home: Settings, tool: Callable[..., Reply]
):
    reply = tool(asked_home, **QUESTIONS[tool])
    assert reply.release == "r1" and reply.vintage and reply.citations
    assert all("r1" in line for line in reply.citations)
    if tool not in (tools.find_series, tools.find_events):  # a whole list of names has nothing to beware of
        assert reply.cautions
    assert not [line for line in [*reply.cautions, reply.vintage] if "`headway" in line or "--" in line]


@pytest.mark.parametrize("tool", tools.TOOLS, ids=lambda tool: tool.__name__)
def test_every_tool_says_what_it_is_for_and_what_each_argument_means(tool: Callable[..., Reply]):
    """A model chooses by the text: a parameter without one is guessed at."""
    summary, _, rest = (inspect.getdoc(tool) or "").partition("\n\n")
    assert summary.endswith(".") and rest
    for parameter in list(inspect.signature(tool).parameters.values())[1:]:
        annotation = parameter.annotation
        assert annotation in vars(tools) or annotation.startswith("Annotated["), parameter.name


def test_lists_are_those_of_the_command_line_and_say_when_they_are_cut(asked_home: Settings):
    with open_release(asked_home) as con:
        expected = [row["series_id"] for row in list_series(con, "made in")]
    whole = tools.find_series(asked_home, "made in")
    assert [row["series_id"] for row in whole.rows] == expected and whole.cautions == []
    cut = tools.find_series(asked_home, "made in", limit=1)
    assert (cut.matches, len(cut.rows)) == (2, 1) and "1 of 2" in cut.cautions[0]
    assert tools.find_series(asked_home, "no such words").cautions == [tools.NOTHING_LISTED]


def test_an_event_that_never_took_effect_is_named(asked_home: Settings):
    """Never happened: an assistant would compare around it."""
    assert "threat" in tools.find_events(asked_home, "never").cautions[0]


def test_an_answer_has_the_words_and_all_cautions_of_the_command_line(asked_home: Settings):
    reply = tools.answer(asked_home, DUTY, SERIES)
    with open_release(asked_home) as con:
        comparison = compare(con, DUTY, SERIES)
        found = answer_of(con, DUTY, comparison.series, 12)
    assert found is not None
    assert (reply.told, reply.verdict, reply.answer) == (True, "within_usual_range", comparison.brief)
    assert reply.designs == answer_words.design_rows(found)
    assert {*answer_words.in_the_way(found), *caution_lines(comparison)} <= set(reply.cautions)
    assert tools.DIFFERENCE in reply.cautions
    assert reply.citations[0].startswith("U.S. Census Bureau (")


@pytest.mark.parametrize(("event", "said"), [("nafta-round7-end", "In the way"), ("2018-01-29", "no design")])
def test_what_cannot_be_told_is_not_told_and_says_why(asked_home: Settings, event: str, said: str):
    reply = tools.answer(asked_home, event, SERIES)
    assert (reply.told, reply.verdict) == (False, None)
    assert any(said in line for line in reply.cautions)


def test_a_list_of_answers_says_what_is_not_told(asked_home: Settings):
    reply = tools.list_answers(asked_home, event=DUTY)
    assert (reply.matches, reply.rows[0]["series"], reply.rows[0]["event_ids"]) == (1, SERIES, [DUTY])
    assert "1" in tools.list_answers(asked_home, event="nafta-round7-end").untold
    assert (
        tools.list_answers(asked_home, event="rumour").untold
        == "Nothing is compared around this event: confidence is low."
    )
    assert tools.list_answers(asked_home, since="2018-06").matches == 1
    assert tools.list_answers(asked_home, since="2018-07-01").matches == 0
    # a year was told to be "'2018-01' is not a day of the calendar"
    assert tools.list_answers(asked_home, since="2018").matches == 1
    with pytest.raises(UsageError, match="'last year' is not a period: write 2018, "):
        tools.list_answers(asked_home, since="last year")


def test_a_comparison_shows_the_months_that_give_its_means(asked_home: Settings):
    reply = tools.compare(asked_home, ROUND, SERIES, months=6)
    for window in reply.windows:
        values = [row["value"] for row in reply.months if row["window"] == window["window"]]
        assert len(values) == 6 and sum(values) / 6 == pytest.approx(window["mean"])
    assert reply.numbers["pre_mean"] == reply.windows[0]["mean"]
    assert not [name for name in reply.numbers if name.startswith("welch_")]


def test_a_comparison_as_of_a_day_says_so(asked_home: Settings):
    reply = tools.compare(asked_home, ROUND, SERIES, as_of="2026-10-10")
    assert "2026-10-10" in reply.vintage
    with pytest.raises(UsageError):
        tools.compare(asked_home, ROUND, SERIES, as_of="soon")


def test_a_trace_has_every_version_and_the_day_of_the_latest(asked_home: Settings):
    reply = tools.trace(asked_home, "usa_employment_motor_vehicles_parts", "2025-04")
    assert [row["value"] for row in reply.versions] == [972.1, 999.3]
    assert "2026-02-15" in reply.vintage


@pytest.mark.parametrize("form", ["text", "bibtex", "csl"])
def test_citations_are_those_of_the_command_line(asked_home: Settings, form: str):
    reply = tools.cite(asked_home, [SERIES, "release"], form)
    with open_release(asked_home) as con:
        assert reply.citations == [cite_one(asked_home, con, text).text() for text in (SERIES, "release")]
    assert SERIES in reply.written


@pytest.mark.parametrize(
    "sql",
    [
        "drop table dim_event",
        "insert into dim_event (event_id) values ('x')",
        "copy dim_event to '/tmp/x.csv'",
        "from read_csv('/etc/passwd')",
        "from 'https://agency.example/x.parquet'",
        "attach 'x.duckdb'",
        "install httpfs",
        "set memory_limit = '10GB'",
        "select 1; select 2",
    ],
)
def test_a_query_cannot_write_nor_read_anything_else(asked_home: Settings, sql: str):
    with pytest.raises(UsageError):
        tools.query(asked_home, sql)


def test_rows_that_do_not_fit_are_left_out_and_it_is_said(asked_home: Settings):
    reply = tools.query(asked_home, "from range(11) as t (n)", max_rows=10)
    assert (reply.truncated, reply.rows) == (True, [[n] for n in range(10)])
    assert "10 rows" in reply.cautions[0]
    assert not tools.query(asked_home, "from range(10)", max_rows=10).truncated
    assert len(tools.query(asked_home, "from range(5000)", max_rows=9999).rows) == tools.MOST_QUERIED


@examples(40)
@given(
    rows=st.lists(
        st.tuples(
            st.text(max_size=30) | st.integers(0, 4_000).map("x".__mul__),
            st.floats() | st.none() | st.dates(),
            st.lists(st.integers()) | st.integers(0, 800).map(range).map(list),
        ),
        max_size=70,
    )
)
def test_a_reply_stays_small_and_is_plain_json(rows: list[tuple]):
    """A query of a single cell of 1 GB would end the assistant's session; NaN is no JSON."""
    kept, cut = tools._within_reply(rows)
    text = json.dumps(kept, allow_nan=False)
    assert len(kept) <= len(rows) and (cut or len(kept) == len(rows))
    # a character outside ASCII is six in this text
    assert len(text) <= 6 * (tools.LONGEST_REPLY + 3 * tools.LONGEST_TEXT)
    if not cut:
        assert [row[0] for row in kept] == [row[0] for row in rows]


def test_a_refresh_is_seen_by_the_next_call(asked_home: Settings, tmp_path):
    """The server runs for days: it must not answer from the release that it began with."""
    from tests.support import reading_case

    home = reading_case.settings(tmp_path)
    reading_case.write_release(home, "r1")
    assert tools.find_series(home).release == "r1"
    reading_case.write_release(home, "r2", sql="delete from dim_series")
    reply = tools.find_series(home)
    assert (reply.release, reply.matches) == ("r2", 0)
