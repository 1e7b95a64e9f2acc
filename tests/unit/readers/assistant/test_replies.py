"""Sentences of the command line in the words of the tools. Prevents: an assistant that is sent to a command it cannot run."""

from __future__ import annotations

import pytest

from orchestration.readers.assistant.replies import in_tool_words, sentences, without_empty


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("there is no event 'x' (`headway events WORD` lists them)", "there is no event 'x' (`find_events WORD` lists them)"),
        ("name a month, as in `headway trace s 2025-01` (`headway sql \"from t\"`)", "name a month, as in `trace s 2025-01` (`query \"from t\"`)"),
        ("run `headway build` first", "run `headway build` first"),
        ("--as-of DATE takes any window; --months 6.", "as_of DATE takes any window; months 6."),
        ("2018-01 to 2019-01, USA--Mexico", "2018-01 to 2019-01, USA--Mexico"),
    ],
)  # fmt: skip
def test_commands_and_options_become_tools_and_arguments(text: str, expected: str):
    assert in_tool_words(text) == expected


def test_a_caution_is_said_once():
    assert sentences(["b", "a", "b"]) == ["b", "a"]


def test_rows_leave_out_what_is_empty_but_keep_zero_and_no():
    row = {"a": None, "b": [], "c": 0, "d": False, "welch_t": 1.0, "e": ""}
    assert without_empty(row) == {"c": 0, "d": False, "e": ""}
