"""How results are shown. Prevents: a warning that is piped away with the data, a program that gets sentences, Welch's t
beside the numbers of a comparison."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from orchestration.cli import results
from orchestration.cli.printer import Printer
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from orchestration.intake.agency.plan import RefreshPlan
from orchestration.operations.doctor import Finding
from orchestration.readers.own_sql import QueryResult
from tests.support import answer_case

PEOPLE, PROGRAMS = False, True


def test_rows_that_were_left_out_of_a_query_are_told_beside_the_output(capsys):
    result = QueryResult(["a"], ["INTEGER"], [(1,), (2,)], truncated=True)
    results.show_query(Printer(PEOPLE), result)
    printed = capsys.readouterr()
    assert printed.out.split() == ["a", "1", "2"]
    assert "only the first 2 rows" in printed.err
    results.show_query(Printer(PROGRAMS), result)
    assert json.loads(capsys.readouterr().out) == {
        "columns": ["a"],
        "types": ["INTEGER"],
        "rows": [[1], [2]],
        "truncated": True,
    }


def test_a_year_in_a_query_is_a_year(capsys):
    """2,025 was printed, which no filter takes and no reader expects."""
    row = (2025, 26249.75, 1e12, 0.1 + 0.2, Decimal("1.10"), None, True)
    results.show_query(Printer(PEOPLE), QueryResult(list("abcdefg"), [], [row], truncated=False))
    assert capsys.readouterr().out.split()[7:] == ["2025", "26249.75", "1000000000000", "0.3", "1.10", "yes"]


def test_a_plan_before_a_refresh_is_no_part_of_what_a_program_reads(capsys):
    plan = RefreshPlan((), date(2026, 11, 29))
    results.show_plan(Printer(PROGRAMS), plan, alone=False)
    assert capsys.readouterr().out == ""
    results.show_plan(Printer(PROGRAMS), plan, alone=True)
    assert json.loads(capsys.readouterr().out) == {"today": "2026-11-29", "datasets": [], "requests": []}


def test_problems_of_a_refresh_follow_its_counts(capsys):
    failed = DatasetOutcome("bls", "public_data", "BLS", "failed", requests=4, problems=("HTTP 500",))
    results.show_refresh(Printer(PEOPLE), RefreshOutcome((failed,)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:4] == ["bls", "public_data", "failed", "4"]
    assert lines[-2:] == ["! bls/public_data: HTTP 500", "nothing changed: the current release stays"]


def _comparison(**changed):
    shown = {
        "text": "In more words ...",
        "brief": "In the 12 months after ...",
        "result": {"d_log": 0.0922, "welch_t": 2.1, "q_by": None},
        "answer": None,
        "control": None,
        "control_text": "",
        "methods": (),
        "answered": True,
    }
    return SimpleNamespace(**(shown | changed))


HINT = "--full shows every column, --method all every method, --json everything for programs"


def test_a_comparison_is_its_answer_and_the_numbers_wait_until_they_are_asked_for(capsys):
    results.show_comparison(Printer(PEOPLE), _comparison(), Path("round6.svg"))
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["In the 12 months after ...", "drawn into round6.svg", "", HINT]


def test_in_full_a_comparison_has_its_paragraph_and_its_columns_but_no_welch(capsys):
    results.show_comparison(Printer(PEOPLE), _comparison(), full=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["In the 12 months after ...", "", "In more words ...", "", "d_log  0.0922"]


def test_an_answer_has_its_designs_and_then_what_stands_in_the_way(capsys):
    answer = answer_case.answer(
        None, answer_case.offer(is_answer=True), answer_case.offer("forecast", 4, blockers=["history"])
    )
    results.show_comparison(Printer(PEOPLE), _comparison(answer=answer))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[2][:3] == ["design", "estimate", "usual"] and lines[3][:4] == [
        "Against",
        "its",
        "own",
        "past",
    ]
    assert lines[4][:3] == ["Against", "a", "forecast"] and lines[4][3:] == [
        "not",
        "to",
        "be",
        "told:",
        "too",
        "little",
        "history",
    ]
    assert " ".join(lines[6]) == "This describes two periods; it does not say what made them differ."


def test_where_nothing_can_be_told_the_difference_is_described_and_not_judged(capsys):
    """A reader who asked for a number and got only reasons would go and compute it without any caution."""
    answer = answer_case.answer(
        answer_case.untold("history"), answer_case.offer("forecast", 4, blockers=["history"])
    )
    windows = {
        "pre_start": date(2017, 2, 1),
        "pre_end": date(2018, 1, 1),
        "post_start": date(2018, 2, 1),
        "months_left_out": [],
        "post_end": date(2019, 1, 1),
    }
    result = {"scale": "log", "d_log": 0.0922, "d_level": 2538.0, "window_months": 12, "n_pre": 12, **windows}
    words = "2017-02 to 2018-01 and 2018-02 to 2019-01 differ by +9.66 %."
    for n_post, said in (
        (12, f"Described only, not judged: {words}"),
        (7, f"Described only, not judged: in 7 of the 12 months (the rest is not known), {words}"),
    ):
        shown = _comparison(answer=answer, result={**result, "n_post": n_post}, series=answer.series)
        results.show_comparison(Printer(PEOPLE), shown)
        assert said in capsys.readouterr().out


def test_answers_that_are_left_out_are_counted_and_what_cannot_be_told_is_said(capsys):
    results.show_answers(Printer(PEOPLE), [], "Nothing can be told about 80 other series.", 0)
    assert capsys.readouterr().out.splitlines() == ["Nothing can be told about 80 other series."]
    results.show_answers(Printer(PEOPLE), [], left=3)
    assert capsys.readouterr().out.splitlines() == ["nothing matches", "3 more: --limit shows more"]


def test_brackets_in_a_finding_are_printed_as_they_are(capsys):
    results.show_findings(Printer(PEOPLE), [Finding("lock", "wrong", "[held] by 12", "wait")])
    assert capsys.readouterr().out == "wrong  lock       [held] by 12 -> wait\n"
