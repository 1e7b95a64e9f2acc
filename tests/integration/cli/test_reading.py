"""Commands that read, on a whole warehouse: most in this process, one answer and one refusal in processes of their own.

Belongs here: what a user sees: output, JSON, messages, exit statuses.
Does not belong here: the functions behind the commands (tests/unit).
"""

from __future__ import annotations

import json

import pytest

from orchestration.base.settings import PROJECT, Settings
from tests.support.command_case import command
from tests.support.whole_warehouse import headway


def answer(home: Settings, *arguments: str):
    done = command(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_status_counts_what_is_there(home):
    """A user could not tell an empty warehouse from a full one."""
    status = answer(home, "status")
    assert status["counts"]["series"] >= 100
    assert {row["source_id"] for row in status["freshness"]} >= {"bls", "census", "inegi", "statcan"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("manufacturing employment usa", "usa_employment_manufacturing"),
        ("CES3133600101", "usa_employment_motor_vehicles_parts"),
    ],
)
def test_series_are_found_by_words_and_agency_codes(home, text, expected):
    assert expected in {row["series_id"] for row in answer(home, "series", text)}


def test_compare_gives_the_worked_figure(home):
    """Imports from Mexico after the sixth round: +10.53 % without its own month, +9.66 % with it (docs/methods.md)."""
    question = ("compare", "nafta-round6-end", "usa_imports_goods_mex", "--json")
    kept = command(home, *question, "--keep-event-month")
    assert json.loads(kept.stdout)["result"]["pct_change"] == pytest.approx(9.66, abs=0.005)
    done = headway(home, *question)
    assert done.returncode == 0, done.stderr
    comparison = json.loads(done.stdout)
    assert comparison["result"]["pct_change"] == pytest.approx(10.53, abs=0.005)
    assert "does not say what made them differ" in comparison["text"]


def test_trace_leads_to_the_bytes(home):
    """A number without a source could not be defended."""
    rows = answer(home, "trace", "usa_employment_motor_vehicles_parts", "2025-04")
    assert [row["value"] for row in rows] == [972.1, 999.3, 999.3, 997.3]
    assert all(len(row["sha256"]) == 64 for row in rows)
    copies = {row["request_url"]: row for row in rows}
    copy = copies["figures:observation_bls.parquet"]
    assert copy["agency_page"] == "https://data.bls.gov/timeseries/CES3133600101"
    assert (copy["copy_repository"], copy["copy_path"]) == (
        "LeopoldN/liberalmarkets",
        "data/CES3133600101.csv",
    )
    release = copies["figures:observation_bls_releases.parquet"]
    assert release["agency_page"] == "https://www.bls.gov/bls/news-release/empsit.htm"
    assert (release["copy_repository"], release["copy_commit"]) == ("lowmason/bls-revisions", "9da47f6")
    assert all(row["copied_on"] == row["known_from"][:10] for row in rows)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("compare", "nafta-round6-end", "usa_import_goods_mex"), 2, "usa_imports_goods_mex"),
        (("compare", "nafta-round-6", "usa_imports_goods_mex"), 2, "nafta-round6"),
        (("trace", "usa_employment_manufacturing", "soon"), 2, "soon"),
        (("sql", "drop table dim_series"), 2, "read"),
        (("sql", "select * from read_csv('/etc/passwd')"), 2, ""),
        (("rollback", "20200101T000000Z-000000"), 2, "20200101T000000Z-000000"),
        (("figures", "build"), 2, "--from"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_status_2(home, arguments, status, said):
    """A traceback tells a user nothing, and a script could not tell a wrong question from a broken machine."""
    done = command(home, *arguments)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert said in done.stderr


def test_an_empty_home_says_what_to_run(tmp_path):
    """In a process of its own: the exit status is what a script sees."""
    done = headway(Settings(PROJECT, tmp_path), "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert "headway build" in done.stderr
