"""Rows and lines of a refresh: what went wrong comes first, and an agency's many notes do not bury it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.cli.refresh_rows import (
    NOTHING_CHANGED,
    outcome_lines,
    outcome_record,
    outcome_rows,
    plan_rows,
)
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from orchestration.intake.agency.plan import PlannedDataset, RefreshPlan
from tests.support.refresh_case import API, MANUFACTURING, NEEDY, TODAY, dataset, question

DONE = DatasetOutcome("bls", "ces", "Employment", "done", requests=2, fetched=1, unchanged=1, appended=3)


def planned(**changes: object) -> PlannedDataset:
    return replace(
        PlannedDataset(dataset(), (question(MANUFACTURING), question(MANUFACTURING)), True), **changes
    )


@pytest.mark.parametrize(
    ("changes", "key", "note"),
    [
        ({}, "HEADWAY_BLS_KEY is set", ""),
        ({"has_key": False}, "HEADWAY_BLS_KEY is not set (optional)", ""),
        ({"dataset": dataset(api=NEEDY), "has_key": False}, "HEADWAY_CENSUS_KEY is missing", ""),
        ({"dataset": dataset(api=replace(API, secret=None))}, "not needed", ""),
        ({"skip": "it is off"}, "HEADWAY_BLS_KEY is set", "it is off"),
        ({"quota_left": 1}, "HEADWAY_BLS_KEY is set", "the quota is enough for 1 of them"),
        ({"accept_shrunk": True}, "HEADWAY_BLS_KEY is set", "lack values known before are accepted"),
    ],
)
def test_a_plan_says_of_each_dataset_its_key_and_what_is_special(changes: dict, key: str, note: str) -> None:
    (row,) = plan_rows(RefreshPlan((planned(**changes),), TODAY))
    assert row["key"] == key and note in row["note"] and row["requests"] == 2


def test_problems_come_first_and_notes_are_cut(capsys) -> None:
    noted = replace(DONE, notes=tuple(f"note {n}" for n in range(5)))
    failed = replace(DONE, dataset="cpi", state="failed", problems=("HTTP 502",))
    off = replace(DONE, dataset="mirror", state="skipped", skip="off by licence", counts=False)
    lines = list(outcome_lines(RefreshOutcome((noted, failed, off))))
    assert "HTTP 502" in lines[0] and lines[0].startswith("! ")
    assert [line for line in lines if "note" in line] == [
        "- bls/ces: note 0", "- bls/ces: note 1", "- bls/ces: note 2", "- bls/ces: 2 more notes (--json shows all)",
    ]  # fmt: skip
    assert "- bls/mirror: off by licence" in lines and lines[-1] == NOTHING_CHANGED


def test_counts_are_those_of_the_account() -> None:
    outcome = RefreshOutcome((DONE,))
    (row,) = outcome_rows(outcome)
    assert (row["requests"], row["fetched"], row["unchanged"], row["appended"]) == (2, 1, 1, 3)
    record = outcome_record(outcome)
    assert (record["exit_code"], record["changed"], record["released"]) == (0, False, None)
