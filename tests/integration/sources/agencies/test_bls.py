"""BLS end to end against a server that answers from the bundled figures: requests, limits, refusals, histories."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from orchestration.sources.agencies import bls
from orchestration.store.archive import Archive
from tests.replay.bls import FlatFiles, PublicData, figures
from tests.replay.server import (
    ReplayServer,
    bad_gzip,
    cut,
    html_page,
    json_reply,
    late,
    server_error,
    too_many,
    with_bom,
)
from tests.support.bundled import as_of, read
from tests.support.source_case import context, holds, one, refresh, settings_at
from tests.support.stored import rows

TODAY = date(2026, 11, 20)
KEY = "0123456789abcdef0123456789abcdef"
DATA, FLAT = bls.DATASETS
MOTOR_VEHICLES, FOUR_DIGITS = "CES3133600101", "CES3133610001"


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


#: Employment of all, of manufacturing and of motor vehicles, consumer prices and prices of trade: 47 of the declared series
ONE_QUERY = re.compile(r"CES(00|30|310|31331|31336)|CUS|EIU")


@pytest.fixture(autouse=True)
def few_series(monkeypatch) -> None:
    """Only as many series are asked for as fit one query with a key, so that a fault meets the only reply. All of them
    are asked for in test_a_query_holds_as_many_series_and_years_as_bls_allows."""
    declared = bls.declared_series
    monkeypatch.setattr(
        bls,
        "declared_series",
        lambda *asked: {code: name for code, name in declared(*asked).items() if ONE_QUERY.match(code)},
    )


@pytest.fixture
def agency(replay: ReplayServer) -> PublicData:
    found = PublicData()
    replay.serve("BLS", found)
    return found


@pytest.fixture
def keyed(replay, monkeypatch) -> str:  # after `replay`, which takes every key out of the environment
    monkeypatch.setenv("HEADWAY_BLS_KEY", KEY)
    return KEY


def plan(dataset=DATA, today: date = TODAY, **more):
    return dataset.plan(context(today, **more))


def test_a_key_makes_it_one_query_and_no_key_two():
    """50 series and 20 years a query with a key, 25 and 10 without: https://www.bls.gov/developers/api_faqs.htm."""
    (keyed,) = plan()
    keyless = plan(has_key=False)
    assert (keyed.path, keyed.json_body["startyear"], keyed.json_body["endyear"]) == (
        "/v2/timeseries/data/",
        "2007",
        "2026",
    )
    assert [len(r.json_body["seriesid"]) for r in keyless] == [25, 22]
    assert {(r.path, r.json_body["startyear"]) for r in keyless} == {("/v1/timeseries/data/", "2017")}
    assert keyed.json_body["seriesid"] == [c for r in keyless for c in r.json_body["seriesid"]]


def test_a_query_holds_as_many_series_and_years_as_bls_allows(monkeypatch):
    """Four queries with a key and eight without, where 25 a day are allowed, since employment by state is asked for too."""
    monkeypatch.undo()
    codes = bls.series_codes()
    assert sum(code.startswith("SM") for code in codes) == 102, "51 areas, adjusted and not"
    for has_key, size in ((True, 50), (False, 25)):
        queries = plan(has_key=has_key)
        assert [code for query in queries for code in query.json_body["seriesid"]] == codes
        assert all(len(query.json_body["seriesid"]) == size for query in queries[:-1])
        assert len(queries) < 25


def test_live_values_append_to_the_very_series_of_the_figures(settings, agency, keyed, replay):
    found = one(refresh(settings, [DATA], today=TODAY))
    assert (found.state, found.requests, found.rejected) == ("done", 1, 0)
    published = read("observation_bls")
    for series_id in ("usa_employment_motor_vehicles_parts", "usa_cpi_all_items", "usa_import_prices_mex"):
        since_2007 = {p: v for p, v in as_of(published, series_id).items() if p.year >= 2007}
        stored = rows(
            settings,
            f"SELECT period_start, value FROM raw.observation WHERE series_id = '{series_id}' AND value IS NOT NULL",
        )
        assert dict(stored) == since_2007 and len(since_2007) > 100
    (call,) = replay.calls("BLS")
    assert call.json["registrationkey"] == KEY and call.headers["content-type"] == "application/json"


def test_october_2025_is_stored_as_missing_and_the_newest_months_as_preliminary(settings, agency, keyed):
    refresh(settings, [DATA], today=TODAY)
    status = "SELECT status, value FROM raw.observation WHERE series_id = '{}' AND period_start = '{}'"
    assert rows(settings, status.format("usa_cpi_all_items", "2025-10-01")) == [("missing", None)]
    newest = max(figures()[MOTOR_VEHICLES])
    assert rows(settings, status.format("usa_employment_motor_vehicles_parts", newest))[0][0] == "preliminary"


def test_without_a_key_ten_years_are_asked_in_two_queries(settings, agency, replay):
    found = one(refresh(settings, [DATA], today=TODAY))
    assert (found.state, found.requests) == ("done", 2)
    assert rows(settings, "SELECT min(period_start) FROM raw.observation") == [(date(2017, 1, 1),)]
    assert all("registrationkey" not in call.json for call in replay.calls("BLS"))
    (note,) = [n for n in found.notes if f"{FOUR_DIGITS} (10)" in n]
    assert note.startswith("no data in some of the years"), "BLS says it in ten messages for each series"


def test_asked_again_nothing_changes_and_a_revision_is_a_vintage(settings, agency, keyed):
    """The reply says each time how long it took, so its bytes are never the same."""
    refresh(settings, [DATA], today=TODAY)
    again = one(refresh(settings, [DATA], today=TODAY))
    assert (again.fetched, again.unchanged, again.appended) == (0, 1, 0)
    month = max(agency.values[MOTOR_VEHICLES])
    before = agency.values[MOTOR_VEHICLES][month]
    agency.values = {**agency.values, MOTOR_VEHICLES: {**agency.values[MOTOR_VEHICLES], month: before + 1.5}}
    revised = one(refresh(settings, [DATA], today=TODAY))
    assert (revised.appended, revised.revised, revised.withdrawn) == (1, 1, 0)
    history = rows(
        settings,
        "SELECT value FROM raw.observation WHERE series_id = 'usa_employment_motor_vehicles_parts' "
        f"AND period_start = '{month}' ORDER BY load_id",
    )
    assert history == [(before,), (before + 1.5,)]


def test_flat_files_bring_whole_histories_and_are_asked_conditionally(settings, replay, monkeypatch):
    monkeypatch.setenv("HEADWAY_CONTACT_EMAIL", "statistics@example.org")
    replay.serve("BLS_FLAT", FlatFiles())
    found = one(refresh(settings, [FLAT], today=TODAY, full=True))
    assert found.state == "partial" and found.fetched == 7, found.problems
    assert f"{FOUR_DIGITS} was refused: is no longer in /ce/ce.data.01a.CurrentSeasAE" in found.problems
    stored = dict(
        rows(
            settings,
            "SELECT period_start, value FROM raw.observation WHERE series_id = 'usa_employment_manufacturing'",
        )
    )
    assert stored == as_of(read("observation_bls"), "usa_employment_manufacturing")
    assert min(stored) == date(1939, 1, 1)
    assert {call.headers["user-agent"] for call in replay.calls("BLS_FLAT")} == {"statistics@example.org"}
    replay.forget()
    again = one(refresh(settings, [FLAT], today=TODAY, full=True))
    assert again.appended == 0 and again.unchanged == found.fetched > 0
    assert any("if-modified-since" in call.headers for call in replay.calls("BLS_FLAT"))


def test_an_index_on_a_new_base_is_not_a_revision_of_every_month(settings, agency, keyed):
    """The import price indexes were 2000=100; the Canadian producer prices came rebased, at 0.842 of their level."""
    refresh(settings, [DATA], today=TODAY)
    before = rows(settings, "SELECT * FROM raw.observation ORDER BY ALL")
    rebased = {month: value and round(value * 0.842, 1) for month, value in agency.values["EIUIR3"].items()}
    agency.values = {**agency.values, "EIUIR3": rebased}
    found = one(refresh(settings, [DATA], today=TODAY))
    assert found.state == "failed" and "usa_import_prices_automotive is 0.842 times" in found.problems[0]
    assert rows(settings, "SELECT * FROM raw.observation ORDER BY ALL") == before
    assert len(Archive(settings).quarantined()) == 1


def test_a_spent_quota_is_not_asked_again_before_midnight_in_washington(settings, agency, replay):
    agency.spent = True
    found = one(refresh(settings, [DATA], today=TODAY))
    assert found.state == "failed" and "daily allowance spent" in found.problems[0]
    assert len(replay.calls("BLS")) == 1
    skipped = one(refresh(settings, [DATA], today=TODAY))
    assert skipped.state == "skipped" and "quota of BLS is spent until" in skipped.skip
    assert len(replay.calls("BLS")) == 1


def test_a_refused_key_is_named_and_never_repeated(settings, replay, monkeypatch):
    """BLS prints the key in its message."""
    marked = "f" * 32
    monkeypatch.setenv("HEADWAY_BLS_KEY", marked)
    replay.serve("BLS", PublicData())
    found = one(refresh(settings, [DATA], today=TODAY))
    assert found.state == "failed" and "HEADWAY_BLS_KEY" in found.problems[0]
    assert len(replay.calls("BLS")) == 1
    assert marked not in " ".join(found.problems) and holds(settings.home, marked) == []


def test_an_unknown_series_is_told_and_the_rest_is_loaded(settings, agency, keyed):
    agency.unknown = frozenset({MOTOR_VEHICLES})
    found = one(refresh(settings, [DATA], today=TODAY))
    assert found.state == "partial" and f"Invalid Series for Series {MOTOR_VEHICLES}" in found.problems[0]
    assert (
        rows(settings, "SELECT count(DISTINCT series_id) FROM raw.observation")[0][0]
        == sum(ONE_QUERY.match(code) is not None for code in figures()) - 1
    )


FAULTS = {
    "shortened": (
        lambda good: json_reply(
            {**good, "message": ["Year range has been reduced to the system-allowed limit of 10 years."]}
        ),
        "BLS shortened the years",
        1,
    ),
    "end year": (
        lambda _: json_reply(
            {
                "status": "REQUEST_FAILED_INVALID_PARAMETERS",
                "message": ["End year is invalid."],
                "Results": {},
            }
        ),
        "End year is invalid",
        1,
    ),
    "over capacity": (
        lambda _: json_reply({"status": "REQUEST_FAILED_OVER_CAPACITY", "message": [], "Results": {}}),
        "REQUEST_FAILED_OVER_CAPACITY",
        2,
    ),
    "page": (lambda _: html_page(), "HTML page", 2),
    "cut": (lambda good: cut(json_reply(good)), "cut in the middle", 2),
    "not gzip": (lambda good: bad_gzip(json_reply(good)), "not the gzip", 2),
    "503": (lambda _: server_error(), "HTTP 503", 2),
    "429": (lambda _: too_many(), "HTTP 429", 2),
    "no list": (
        lambda good: json_reply({**good, "Results": [{"series": []}]}),
        "reply of another shape",
        1,
    ),
    "new field in place of the value": (
        lambda good: json_reply(json.loads(json.dumps(good).replace('"value"', '"amount"'))),
        "rows can be read, row 1: not readable: 'value'",
        1,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_loads_nothing_keeps_what_is_there_and_is_repeated_only_if_that_can_help(
    settings, agency, keyed, replay, name
):
    make, said, attempts = FAULTS[name]
    recent = {p: v for p, v in figures()[MOTOR_VEHICLES].items() if p.year >= 2024}
    agency.values = {MOTOR_VEHICLES: recent}
    refresh(settings, [DATA], today=TODAY)
    before = rows(settings, "SELECT * FROM raw.observation ORDER BY ALL")
    good = _plain_reply(agency, replay)
    replay.forget()
    replay.fail_next("BLS", make(good), times=9)
    found = one(refresh(settings, [DATA], today=TODAY))
    assert found.state == "failed" and said in " ".join(found.problems), found.problems
    assert len(replay.calls("BLS")) == attempts
    assert rows(settings, "SELECT * FROM raw.observation ORDER BY ALL") == before
    replay.forget()
    assert one(refresh(settings, [DATA], today=TODAY)).state == "done"


def _plain_reply(agency: PublicData, replay: ReplayServer) -> dict:
    return json.loads(agency(replay.calls("BLS")[-1]).body)


def test_a_silent_server_is_given_up_after_its_time(settings, agency, keyed, replay):
    impatient = replace(DATA, api=replace(DATA.api, read_timeout=0.05))
    replay.fail_next("BLS", late(json_reply({}), 1.0), times=9)
    found = one(refresh(settings, [impatient], today=TODAY))
    assert found.state == "failed" and "no answer in time" in found.problems[0]


def test_a_byte_order_mark_and_a_wrong_label_do_not_matter(settings, agency, keyed, replay):
    refresh(settings, [DATA], today=TODAY)
    good = _plain_reply(agency, replay)
    good["Results"]["series"][0]["data"] = good["Results"]["series"][0]["data"] or []
    replay.fail_next("BLS", replace(with_bom(json_reply(good)), media_type="text/html"))
    assert one(refresh(settings, [DATA], today=TODAY)).state == "done"


def test_the_flat_file_server_wants_an_address_and_says_which_variable(settings, replay):
    replay.serve("BLS_FLAT", FlatFiles())
    found = one(refresh(settings, [FLAT], today=TODAY, full=True))
    assert found.state == "failed" and "HEADWAY_CONTACT_EMAIL" in found.problems[0]
    assert len(replay.calls("BLS_FLAT")) == 1
    assert Archive(settings).payloads() == []


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ap_bad_end_year.json", "End year is invalid"),
        ("blsgo_error-status.json", "Value must be a four-digit number"),
        ("v1_get_throttled_REQUEST_NOT_PROCESSED.json", "daily allowance spent"),
    ],
)
def test_recorded_refusals_fail_the_dataset_after_one_request(
    settings, keyed, replay, shared_data, name, said
):
    content = (shared_data / "payloads" / "bls" / name).read_bytes()
    replay.serve("BLS", replace(json_reply({}), body=content))
    found = one(refresh(settings, [DATA], today=TODAY))
    assert found.state == "failed" and said in found.problems[0]
    assert len(replay.calls("BLS")) == 1


@pytest.mark.recorded
def test_recorded_replies_of_the_same_kind_go_through_the_refresh(
    settings, shared_data, replay, keyed, monkeypatch
):
    """A state series of the employment survey, as BLS sent it, under a code that series.csv could declare."""
    content = (shared_data / "payloads" / "bls" / "ap_sae-north_dakota-mining-2014-2015.json").read_bytes()
    renamed = content.replace(b"SMS38000001000000001", MOTOR_VEHICLES.encode())
    replay.serve("BLS", replace(json_reply({}), body=renamed))
    only = {MOTOR_VEHICLES: "usa_employment_motor_vehicles_parts"}
    monkeypatch.setattr(bls, "declared_series", lambda *_: only)
    found = one(refresh(settings, [DATA], today=date(2015, 12, 1)))
    assert (found.state, found.appended) == ("done", 24)
    statuses = dict(rows(settings, "SELECT status, count(*) FROM raw.observation GROUP BY 1"))
    assert statuses["preliminary"] == 1
