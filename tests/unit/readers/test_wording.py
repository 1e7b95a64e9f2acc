"""One wording for every reader: numbers, dates and names of codes."""

from __future__ import annotations

import csv
import datetime as dt

import pytest
import yaml

from orchestration.base.settings import PROJECT
from orchestration.readers import wording
from orchestration.readers.dashboard.compare import _written
from orchestration.readers.reports import words
from orchestration.readers.wording import (
    event_day,
    fixed,
    label,
    moment,
    money,
    number,
    percent,
    percentage,
    period,
    spelled,
    unit,
)
from transforms.statistics import drift_month, local_linear_trend
from transforms.transborder import TRANSBORDER_MODES

SEEDS = PROJECT / "dbt_project" / "seeds"


def titles(seed: str, key: str, title: str = "title") -> dict[str, str]:
    with (SEEDS / seed).open(encoding="utf-8", newline="") as file:
        return {row[key]: row[title] for row in csv.DictReader(file)}


def test_a_number_reads_the_same_in_a_page_a_report_and_a_sentence() -> None:
    # the dashboard wrote 6,979,851,745 where the report wrote 6,980 million
    value = 6979851745.2
    assert number(value) == words.value(value) == _written(value, "level") == "6,980 million"
    assert money(value) == "USD 6,980 million"


def test_numbers_have_the_digits_that_their_size_deserves() -> None:
    values = (26249.75, 972.14, 31.14159, 3.14159, 0.00412, None, float("nan"), 12, 31_812_451)
    assert [number(v) for v in values] == [
        "26,250", "972.1", "31.14", "3.142", "0.004", "–", "–", "12", "31.81 million",
    ]  # fmt: skip
    assert [number(-1.5, sign=True), number(1.5e10, sign=True)] == ["-1.500", "+15,000 million"]
    assert [percent(0.0922), percentage(9.66), percentage(0.5, 1, sign=False), percentage(None)] == [
        "+9.66 %", "+9.66 %", "0.5 %", "–",
    ]  # fmt: skip
    assert [wording.amount(v) for v in (85.0, 62.5, 0.25)] == ["85", "62.5", "0.25"]
    assert fixed(30.5, 0) == "30"
    assert unit({"unit": "USD", "unit_multiplier": 1_000_000}) == "million USD"


def test_a_difference_of_percentages_is_in_percentage_points() -> None:
    assert wording.difference(0.5, {"unit": "percent", "unit_multiplier": 1}, log=False) == (
        "+0.500 percentage points"
    )


def test_a_period_is_written_as_its_frequency_says() -> None:
    day = dt.date(2018, 5, 1)
    assert [period(day, f) for f in ("annual", "quarterly", "monthly", "daily")] == [
        "2018", "2018Q2", "2018-05", "2018-05-01",
    ]  # fmt: skip
    assert moment(dt.datetime(2018, 5, 1, 8, 30)) == "2018-05-01 08:30 UTC"
    assert moment(dt.datetime(2018, 5, 1)) == moment(day) == "2018-05-01"


@pytest.mark.parametrize(
    "precision, shown",
    [("day", "2018-05-01"), ("month", "2018-05"), ("quarter", "quarter 2 of 2018"), ("year", "2018")],
)
def test_a_date_is_not_shown_more_exactly_than_it_is_known(precision: str, shown: str) -> None:
    event = {"event_date": dt.date(2018, 5, 1), "date_precision": precision, "end_date": None}
    assert event_day(event) == shown


def test_an_event_of_several_days_has_both_ends() -> None:
    event = {"event_date": dt.date(2018, 5, 1), "date_precision": "day", "end_date": dt.date(2018, 5, 3)}
    assert event_day(event) == "2018-05-01 to 2018-05-03"


# -- names of codes --------------------------------------------------------------------------------------------------


def test_names_are_those_of_the_seeds() -> None:
    # the readers know no checkout: what they call a timeline must still be what its seed calls it
    assert titles("timeline/seed_timeline.csv", "timeline") == wording.TIMELINES
    assert titles("timeline/seed_topic.csv", "topic") == wording.TOPICS
    assert titles("timeline/seed_party.csv", "party") == wording.PARTIES
    assert titles("reference/seed_transport_mode.csv", "transport_mode") == TRANSBORDER_MODES
    assert wording.transport_mode("5") == "truck"


def test_every_verdict_of_the_contract_has_words() -> None:
    contract = yaml.safe_load(
        (PROJECT / "dbt_project/models/marts/reports/rpt_before_after.yml").read_text(encoding="utf-8")
    )
    columns = {column["name"]: column for column in contract["models"][0]["columns"]}
    (listed,) = [
        test["accepted_values"]["arguments"]["values"]
        for test in columns["verdict"]["data_tests"]
        if isinstance(test, dict) and "accepted_values" in test
    ]
    assert set(listed) == set(wording.VERDICTS)


def test_designs_and_blockers_of_answers_have_names_in_their_order() -> None:
    # a blocker without words would be shown as its code, and a design out of order would lead the table
    designs = titles("comparison/seed_answer_design.csv", "design")
    assert list(designs.items()) == [(code, words.short) for code, words in wording.DESIGNS.items()]
    assert list(titles("comparison/seed_answer_blocker.csv", "blocker")) == list(wording.BLOCKERS)


def test_every_model_has_a_name() -> None:
    assert {drift_month.MODEL, local_linear_trend.MODEL} == set(wording.MODELS)


def test_a_code_without_a_name_is_written_in_words() -> None:
    assert spelled("tariff_effective") == "tariff effective"
    assert spelled(None) == "–"
    assert label("nafta_talks") == "NAFTA talks"
    assert label("a_new_topic", wording.TOPICS) == "A new topic"
    assert label("labor", wording.TOPICS) == "Labour"
    assert label(None) == ""
