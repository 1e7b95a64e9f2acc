"""Bank of Canada: what is asked of Valet, and daily rates becoming the very monthly means of the bundled figures."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from orchestration.sources.agencies import bank_of_canada
from tests.replay.bank_of_canada import Valet, not_found
from tests.replay.server import (
    ReplayServer,
    bad_gzip,
    cut,
    html_page,
    json_reply,
    redirect,
    server_error,
    too_many,
    with_bom,
    wrong_type,
)
from tests.support.live_case import everything, home, prepared, quarantined, refreshed, values
from tests.support.source_case import unpaced
from tests.support.stored import rows

(DATASET,) = unpaced(bank_of_canada.DATASETS)
USD, MXN = "fx_usd_cad_bank_of_canada", "fx_mxn_cad_bank_of_canada"


def days(first: str, last: str, rate: float) -> dict[str, str]:
    """Business days with a rate that rises by a ten-thousandth a day."""
    day, end, found = date.fromisoformat(first), date.fromisoformat(last), {}
    while day <= end:
        if day.weekday() < 5:
            found[day.isoformat()] = f"{rate:.4f}"
            rate += 0.0001
        day += timedelta(days=1)
    return found


@pytest.fixture
def valet(replay: ReplayServer) -> Valet:
    agency = Valet(
        {
            "FXUSDCAD": days("2026-01-02", "2026-11-20", 1.36),
            "FXMXNCAD": days("2026-01-02", "2026-11-20", 0.07),
        }
    )
    replay.serve("BANK_OF_CANADA", agency)
    return agency


def test_first_refresh_keeps_the_means_of_whole_months_only(tmp_path, valet, replay):
    """November is not over: its mean so far would be revised every day."""
    settings = home(tmp_path)
    outcome = refreshed(settings, DATASET)
    assert (outcome.state, outcome.requests, outcome.appended) == ("done", 1, 20)
    months = values(settings, USD)
    assert (min(months), max(months), len(months)) == ("2026-01", "2026-10", 10)
    october = [float(v) for d, v in valet.days["FXUSDCAD"].items() if d.startswith("2026-10")]
    assert months["2026-10"] == pytest.approx(sum(october) / len(october), abs=5e-7)
    (call,) = replay.calls("BANK_OF_CANADA")
    assert (call.get("start_date"), call.get("end_date")) == ("2017-01-03", "2026-10-31")


def test_the_same_question_all_month_is_answered_by_304(tmp_path, valet, replay):
    settings = home(tmp_path)
    refreshed(settings, DATASET)
    assert refreshed(settings, DATASET).appended == 0
    first, second = replay.calls("BANK_OF_CANADA")
    # from the second time on only the year in which the stored means end
    assert second.get("start_date") == "2026-01-01" != first.get("start_date")
    third = refreshed(settings, DATASET)
    assert (third.unchanged, third.appended) == (1, 0)
    assert "if-none-match" in replay.calls("BANK_OF_CANADA")[-1].headers


def test_a_changed_rate_is_a_new_vintage_of_its_month(tmp_path, valet):
    settings = home(tmp_path)
    refreshed(settings, DATASET)
    valet.days["FXUSDCAD"]["2026-03-10"] = "1.9000"
    outcome = refreshed(settings, DATASET)
    assert (outcome.appended, outcome.revised) == (1, 1)
    assert rows(settings, "SELECT count(*) FROM raw.observation WHERE series_id = ?", USD) == [(11,)]


@pytest.mark.recorded
@pytest.mark.parametrize("year", [2018, 2020, 2025])
def test_recorded_days_give_the_bundled_means_and_no_revision(tmp_path, replay, shared_data, year):
    """The live series is the very series of the bundled figures, to the last digit."""
    recorded = json.loads(
        (shared_data / "payloads" / "valet" / f"observations_fx_daily_{year}.json").read_bytes()
    )
    agency = Valet()
    for code in bank_of_canada.CODES:
        agency.days[code] = {o["d"]: o[code]["v"] for o in recorded["observations"] if code in o}
    replay.serve("BANK_OF_CANADA", agency)
    settings = home(tmp_path, "observation_bank_of_canada")
    outcome = refreshed(settings, DATASET, since=date(year, 1, 1), until=date(year, 12, 31))
    assert (outcome.state, outcome.fetched, outcome.appended, outcome.revised) == ("done", 1, 0, 0)


FAULTS = {
    "unknown series": (not_found("FXUSDCAD"), 3, "Series FXUSDCAD not found"),
    "HTML with status 200": (html_page(), 4, "an HTML page instead of data"),
    "maintenance": (server_error(503), 4, "HTTP 503 after 4 attempts"),
    "too many": (too_many(), 4, "HTTP 429 after 4 attempts"),
    "cut": (cut(json_reply({"observations": []}), 10), 4, "cut in the middle"),
    "no gzip": (bad_gzip(json_reply({})), 4, "not the gzip"),
    "moved": (redirect("https://example.org/"), 3, "redirected elsewhere"),
    "other fields": (json_reply({"terms": {}, "observations": []}), 1, "seriesDetail"),
    "a rate that is none": (
        json_reply(
            {
                "seriesDetail": {"FXUSDCAD": {}, "FXMXNCAD": {}},
                "observations": [{"d": "2026-10-01", "FXUSDCAD": {"v": "n/a"}}],
            }
        ),
        1,
        "days cannot be read",
    ),
    "one series is gone": (
        json_reply(
            {
                "seriesDetail": {"FXUSDCAD": {}},
                "observations": [
                    {"d": d, "FXUSDCAD": {"v": v}} for d, v in days("2026-10-01", "2026-10-31", 1.3).items()
                ],
            }
        ),
        1,
        "1 series did not come: FXMXNCAD",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_or_fault_leaves_the_store_as_it_was(tmp_path, valet, replay, fault):
    settings = prepared(tmp_path, "bank_of_canada", lambda made: refreshed(made, DATASET))
    before = everything(settings)
    reply, asked, said = FAULTS[fault]
    replay.forget()
    replay.fail_next("BANK_OF_CANADA", reply, times=4)
    outcome = refreshed(settings, DATASET)
    assert outcome.state == "failed" and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("BANK_OF_CANADA")) == asked
    assert everything(settings) == before
    replay.forget()
    assert refreshed(settings, DATASET).state == "done"


def test_an_empty_answer_is_nothing_new_and_no_failure(tmp_path, valet):
    valet.days = {code: {} for code in bank_of_canada.CODES}
    outcome = refreshed(home(tmp_path), DATASET)
    assert (outcome.state, outcome.problems, outcome.appended) == ("done", (), 0)
    assert "no observations" in outcome.notes[0]


def test_label_and_byte_order_mark_do_not_matter(tmp_path, valet, replay):
    settings = home(tmp_path)
    answer = valet.observations(list(bank_of_canada.CODES))
    replay.fail_next("BANK_OF_CANADA", with_bom(wrong_type(answer, "text/html")))
    assert refreshed(settings, DATASET).appended == 20
    assert not quarantined(settings)
