"""BLS: which series and years are asked for, and what a reply of either kind must hold."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from orchestration.sources.agencies import bls, bls_qcew
from orchestration.sources.agencies.series_reply import declared_series
from tests.support.source_case import answer, context, question
from transforms.parse.outcome import SchemaChangedError, TruncatedError

TODAY = date(2026, 11, 20)
DATA, FLAT = bls.DATASETS
MOTOR_VEHICLES, FOUR_DIGITS = "CES3133600101", "CES3133610001"


def plan(dataset=DATA, today: date = TODAY, **more):
    return dataset.plan(context(today, **more))


def test_every_declared_series_with_a_code_is_asked_for():
    asked = [code for request in plan() for code in request.json_body["seriesid"]]
    assert sorted(asked) == sorted(bls.series_codes()) and len(asked) == 184
    assert {c for c in declared_series("bls") if c not in asked} == set(bls_qcew.codes())
    in_files = [code for request in plan(FLAT, full=True) for code in request.context["codes"]]
    api_only = ("SMS", "SMU", "CEU", "WPU")  # states, employment not adjusted, producer prices
    assert sorted(in_files) == sorted(code for code in asked if not code.startswith(api_only))


def test_earlier_years_come_in_windows_of_the_allowed_length_newest_first():
    requests = plan(since=date(1990, 1, 1), has_key=False)
    spans = [(int(r.json_body["startyear"]), int(r.json_body["endyear"])) for r in requests]
    assert spans[::8] == [(2017, 2026), (2007, 2016), (1997, 2006), (1987, 1996)]
    assert len({json.dumps(r.json_body) for r in requests}) == len(requests) == 32


def test_the_last_year_never_lies_in_the_future():
    """On 1 January in UTC it is still December in Washington, and BLS refuses the new year as invalid."""
    assert plan(today=date(2027, 1, 1))[0].json_body["endyear"] == "2026"
    assert plan(today=date(2027, 1, 2))[0].json_body["endyear"] == "2027"
    assert plan(until=date(2019, 12, 31))[0].json_body["endyear"] == "2019"


def test_flat_files_are_asked_for_whole_histories_and_after_a_benchmark_only():
    benchmarked = "usa_employment_total_nonfarm"
    autumn = {"latest": {benchmarked: date(2026, 9, 1)}, "bundled": {benchmarked: date(2026, 7, 1)}}
    assert plan(FLAT) == plan(FLAT, **autumn) == []
    assert plan(FLAT, today=date(2027, 1, 20), **autumn) == []
    due = plan(FLAT, today=date(2027, 2, 6), **autumn)
    assert len(due) == 5 and all(r.path.startswith("/ce/") for r in due)
    assert len(plan(FLAT, full=True)) == 9


def test_january_from_the_other_api_does_not_stand_for_the_files_of_the_benchmark():
    """It is stored a quarter of an hour before the files are planned: scheduled runs would never ask for them."""
    benchmarked = "usa_employment_total_nonfarm"
    released = {"latest": {benchmarked: date(2027, 1, 1)}, "bundled": {benchmarked: date(2026, 7, 1)}}
    due = plan(FLAT, today=date(2027, 2, 5), **released)
    assert len(due) == 5
    came = datetime(2027, 2, 5, 14)
    # files that were answered before the release, and one that was not answered with the others, are asked for again
    before = {r.path: came - timedelta(days=3) for r in due}
    after = {r.path: came + timedelta(seconds=i) for i, r in enumerate(due)}
    december = {date(2026, 12, 1): came - timedelta(days=3)}
    for shown, answers, left in (
        (december, before, 5),
        ({**december, date(2027, 1, 1): came}, {**after, due[1].path: before[due[1].path]}, 1),
        ({**december, date(2027, 1, 1): came}, after, 0),
    ):
        asked = plan(
            FLAT,
            today=date(2027, 2, 9),
            **released,
            shown=shown,
            answered_at=lambda r, answers=answers: answers[r.path],
        )
        assert len(asked) == left
    assert asked == []


def test_a_code_of_an_unknown_survey_is_an_error_not_a_series_without_history():
    with pytest.raises(LookupError, match="LNS14000000"):
        bls.flat_file_of("LNS14000000")


def test_a_series_that_is_just_not_in_the_reply_means_that_it_was_cut():
    reply = {
        "status": "REQUEST_SUCCEEDED",
        "message": [],
        "Results": {
            "series": [
                {
                    "seriesID": "CES0000000001",
                    "data": [{"year": "2026", "period": "M09", "value": "159000", "footnotes": [{}]}],
                }
            ]
        },
    }
    asked = question({"codes": ["CES0000000001", MOTOR_VEHICLES], "last_period": "2026-12-01"})
    with pytest.raises(TruncatedError, match=MOTOR_VEHICLES):
        DATA.parse(json.dumps(reply).encode(), asked, answer(b""))
    reply["message"] = [f"No Data Available for Series {MOTOR_VEHICLES} Year: 2026"]
    assert DATA.parse(json.dumps(reply).encode(), asked, answer(b"")).frame.height == 1


def test_a_flat_file_without_its_series_is_another_file():
    content = b"series_id        \tyear\tperiod\t       value\tfootnote_codes\r\nCEU0000000001    \t2026\tM01\t      1\t\r\n"
    with pytest.raises(SchemaChangedError, match="without any of the wanted series"):
        FLAT.parse(content, question({"codes": [MOTOR_VEHICLES]}), answer(b""))


@pytest.mark.recorded
def test_recorded_series_files_know_every_code_of_employment(shared_data):
    """A mistyped code would be an invalid series for ever."""
    with (shared_data / "reference" / "ce.series.mfg_auto_subset.txt").open() as file:
        titles = {row[0].strip(): row[5] for row in csv.reader(file, delimiter="\t")}
    asked = [code for code in declared_series("bls") if code.startswith("CES")]
    unknown = [code for code in asked if code not in titles]
    # the recorded part of the file holds the industries of vehicles and their totals; the others are in the releases
    released = pl.read_parquet(shared_data / "newer" / "bls_ces_release_vintages.parquet")["publisher_code"]
    assert len(unknown) == 13 and set(unknown) <= set(released)
    kinds = {
        "01": "All employees",
        "02": "hours of all",
        "03": "hourly earnings of all",
        "07": "hours of production",
    }
    for code in set(asked) - set(unknown):
        assert kinds.get(code[-2:], "hourly earnings of production").lower() in titles[code].lower(), code
