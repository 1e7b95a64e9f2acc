"""Census trade when it does not answer as it should: keys, refusals, broken answers; and the recorded answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial

import pytest

from orchestration.intake.agency import http
from orchestration.sources.agencies import census, census_tables
from orchestration.store.archive import Archive
from tests.replay.census import ERROR_PAGE, TradeApi
from tests.replay.server import (
    Call,
    ReplayServer,
    Reply,
    bad_gzip,
    cut,
    html_page,
    json_reply,
    no_content,
    oversize,
    redirect,
    server_error,
    text_reply,
)
from tests.support.source_case import holds, one, refresh, settings_at
from tests.support.stored import rows

#: January 2019 is the newest month that can be out: the figures hold both years in full
TODAY = date(2019, 3, 20)
KEY = "c" * 40
BY_NAME = {dataset.name: dataset for dataset in census.DATASETS}
TABLES = {table.name: table for table in census_tables.TABLES}


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer, monkeypatch) -> TradeApi:
    found = TradeApi()
    replay.serve("CENSUS", found)
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", KEY)
    return found


def ask(settings, *names: str, today: date = TODAY, **more):
    return refresh(settings, [BY_NAME[name] for name in names], today=today, **more)


def test_without_a_key_nothing_is_asked_and_the_variable_is_named(settings, replay):
    replay.serve("CENSUS", TradeApi())
    found = one(ask(settings, "exports_total"))
    assert found.state == "skipped" and "HEADWAY_CENSUS_KEY" in found.skip and "key_signup" in found.skip
    assert replay.calls() == []


def test_a_key_that_is_not_accepted_is_found_out_in_one_request(settings, agency, replay, monkeypatch):
    """The redirect goes to a page with status 200, which must not be followed, and never with the key."""
    marked = "d" * 40
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", marked)
    outcome = ask(settings, "exports_total", "imports_total", since=date(2015, 1, 1))
    assert len(replay.calls()) == 1
    assert "HTTP 302 to invalid_key.html" in outcome.datasets[0].problems[0]
    assert "HEADWAY_CENSUS_KEY" in outcome.datasets[0].problems[0]
    assert outcome.datasets[1].state == "skipped" and outcome.exit_code == 1
    assert holds(settings.home, marked) == [] and marked not in str(outcome)


def test_the_key_is_in_no_file_that_a_good_refresh_writes(settings, agency):
    ask(settings, "exports_total")
    assert Archive(settings).payloads() and holds(settings.home, KEY) == []


def test_a_month_that_is_not_out_is_no_failure(settings, agency, replay):
    replay.serve("CENSUS", no_content())
    outcome = ask(settings, "exports_total")
    assert outcome.exit_code == 0 and "HTTP 204" in one(outcome).notes[0]


FAULTS = {
    "missing key page": (
        redirect("https://api.census.gov/data/missing_key.html", headers={"X-DataWebAPI-KeyError": "1"}),
        "HTTP 302 to missing_key.html",
        1,
    ),
    "elsewhere": (redirect("https://www.census.gov/outage"), "HTTP 302 to outage", 1),
    "unknown variable": (
        text_reply("error: unknown variable 'ALL_VAL_MO'", 400),
        "unknown variable 'ALL_VAL_MO'",
        1,
    ),
    "unknown predicate": (
        text_reply("error: unknown predicate variable: 'time'", 400),
        "unknown predicate",
        1,
    ),
    "geography": (text_reply("error: unknown/unsupported geography hierarchy", 400), "geography", 1),
    "too many variables": (
        text_reply("error: 'get' is limited to 50 variables", 400),
        "limited to 50 variables",
        1,
    ),
    "failed query": (text_reply(ERROR_PAGE, 200, "text/html"), "error page", 4),
    "maintenance": (html_page(), "HTML page", 4),
    "503": (server_error(), "HTTP 503", 4),
    "500": (server_error(500), "HTTP 500", 4),
    "cut": (cut(json_reply([["CTY_CODE", "ALL_VAL_MO", "time"]] * 900)), "cut in the middle", 4),
    "cut inside": (text_reply('[["CTY_CODE","ALL_VAL_MO","time"],["1220","1', 200), "JSON cut off", 4),
    "not gzip": (bad_gzip(json_reply([["CTY_CODE"]])), "not the gzip", 4),
    "columns": (
        json_reply([["CTY_CODE", "VALUE", "time"], ["-", "1", "2018-01"]]),
        "variables that were asked for",
        1,
    ),
    "ragged": (json_reply([["CTY_CODE", "ALL_VAL_MO", "time"], ["-", "1"]]), "other numbers of cells", 1),
    "contradiction": (
        json_reply(
            [
                ["CTY_CODE", "ALL_VAL_MO", "time"],
                ["-", "1", "2018-01"],
                ["-", "2", "2018-01"],
            ]
        ),
        "two values for one cell",
        1,
    ),
    "numbers with commas": (
        json_reply([["CTY_CODE", "ALL_VAL_MO", "time"], ["-", "1,018", "2018-01"]]),
        "rows can be read",
        1,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_and_repeated_only_if_that_can_help(settings, agency, replay, name):
    reply, said, attempts = FAULTS[name]
    span = {"since": date(2018, 1, 1), "until": date(2018, 12, 31)}
    replay.fail_next("CENSUS", reply, times=9)
    outcome = ask(settings, "exports_total", **span)
    found = one(outcome)
    assert (outcome.exit_code, found.state) == (1, "failed")
    assert said in found.problems[0], found.problems
    assert len(replay.calls()) == attempts
    assert rows(settings, "SELECT count(*) FROM raw.trade_flow") == [(0,)]


def test_after_a_fault_the_same_question_is_asked_again(settings, agency, replay):
    span = {"since": date(2018, 1, 1), "until": date(2018, 12, 31)}
    replay.fail_next("CENSUS", html_page(), times=4)
    assert one(ask(settings, "exports_total", **span)).quarantined == 1
    assert one(ask(settings, "exports_total", **span)).state == "done"


def test_a_failing_year_leaves_the_newer_one_alone(settings, agency, replay):
    good = agency
    replay.serve("CENSUS", lambda call: server_error() if "2018" in call.get("time") else good(call))
    outcome = ask(settings, "exports_total")
    assert (outcome.exit_code, one(outcome).state) == (3, "partial")
    assert rows(settings, "SELECT DISTINCT year(period_start) FROM raw.trade_flow") == [(2019,)]


def test_an_answer_larger_than_any_table_is_refused(settings, agency, replay):
    small = replace(BY_NAME["exports_total"], api=replace(census.API, max_bytes=10_000))
    replay.fail_next("CENSUS", oversize(20_000), times=2)
    found = one(refresh(settings, [small], today=date(2019, 2, 20)))
    assert found.state == "failed" and "larger than 10,000 bytes" in found.problems[0]


def test_a_new_column_is_named_and_the_rest_is_loaded(settings, agency, replay):
    good = agency

    def wider(call):
        table = json.loads(good(call).body)
        return json_reply([[*table[0], "CONFIDENTIAL"], *([*line, "no"] for line in table[1:])])

    replay.serve("CENSUS", wider)
    found = one(ask(settings, "exports_total"))
    assert found.state == "done" and any("CONFIDENTIAL" in note for note in found.notes)


def test_repeated_rows_are_counted_once(settings, agency, replay):
    good = agency

    def doubled(call):
        table = json.loads(good(call).body)
        return json_reply([table[0], *table[1:], *table[1:]])

    replay.serve("CENSUS", doubled)
    found = one(ask(settings, "exports_total"))
    assert found.state == "done" and any("repeated rows" in note for note in found.notes)


@pytest.mark.recorded
def test_recorded_totals_go_through_the_refresh_and_add_up(settings, shared_data, replay, agency):
    """January 2018 of all countries, as the API sent it: general imports only, so the question is cut to them."""
    folder = shared_data / "payloads" / "census"
    content = (folder / "imports_hs_totals_by_country_2018-01.json").read_bytes()
    replay.serve("CENSUS", replace(json_reply([]), body=content))
    table = replace(TABLES["imports_total"], variables=("GEN_VAL_MO",))
    dataset = replace(
        BY_NAME["imports_total"], plan=partial(census._plan, table), parse=partial(census._parse, table)
    )
    found = one(refresh(settings, [dataset], today=date(2018, 3, 20), since=date(2018, 1, 1)))
    assert (found.state, found.appended) == ("done", 250)
    world, usmca, members = rows(
        settings,
        """SELECT sum(value_usd) FILTER (partner_code = '-'), sum(value_usd) FILTER (partner_code = '0020'),
                  sum(value_usd) FILTER (partner_code IN ('1220', '2010')) FROM raw.trade_flow""",
    )[0]
    assert (world, usmca, members) == (203_028_883_846, 51_972_571_108, 51_972_571_108)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("name", "status", "headers", "said"),
    [
        (
            "error_302_missing_key",
            302,
            {"Location": "https://api.census.gov/data/missing_key.html"},
            "missing_key",
        ),
        ("error_400_unknown_variable", 400, {}, "unknown variable 'FOO'"),
        ("error_400_unknown_predicate", 400, {}, "unknown predicate variable"),
        ("error_400_missing_for", 400, {}, "missing 'for' argument"),
        ("error_400_geography", 400, {}, "geography hierarchy"),
        ("error_400_too_many_variables", 400, {}, "limited to 50 variables"),
        ("error_200_html_logged_error", 200, {}, "error page"),
    ],
)
def test_recorded_errors_fail_the_dataset_by_their_words(
    settings, agency, replay, shared_data, name, status, headers, said
):
    body = (shared_data / "payloads" / "census" / f"{name}.txt").read_bytes()
    replay.serve("CENSUS", replace(text_reply("", status), body=body, headers=headers))
    found = one(ask(settings, "exports_total", since=date(2019, 1, 1)))
    assert found.state == "failed" and said in found.problems[0]


def test_where_flags_are_refused_the_quantities_come_without_them(settings, agency, replay):
    """The same year would be lost in every run; without flags only a 0 beside a value is in doubt."""

    def without_flags(call: Call) -> Reply:
        names = call.get("get").split(",")
        if any(name.endswith("_FLAG") for name in names):
            return text_reply("error: unknown variable 'QTY_1_MO_FLAG'", 400)
        cells = {"ALL_VAL_MO": "500", "QTY_1_MO": "0", "UNIT_QY1": "NO"}
        header = [*names, "COMM_LVL", "E_COMMODITY", "CTY_CODE", "time"]
        product = "8703230190" if call.get("E_COMMODITY") == "87*" else "8407342080"
        lines = [
            [*(cells[name] for name in names), "HS10", product, code, "2019-01"]
            for code in call.query["CTY_CODE"]
        ]
        return json_reply([header, *lines])

    replay.serve("CENSUS", without_flags)
    outcome = one(ask(settings, "exports_hs10", since=date(2019, 1, 1)))
    assert (outcome.state, outcome.requests, outcome.fetched) == ("done", 4, 2), outcome.problems
    assert any("unknown variable 'QTY_1_MO_FLAG'" in note for note in outcome.notes)
    assert rows(settings, "SELECT DISTINCT value_usd, quantity FROM raw.trade_flow") == [(500, None)]


ONE_YEAR = {"since": date(2018, 1, 1), "until": date(2018, 12, 31)}


@pytest.mark.parametrize("failure", [server_error(500), server_error(504), text_reply(ERROR_PAGE, 200)])
def test_a_table_at_which_the_server_fails_comes_in_parts(settings, agency, replay, failure):
    """Exports and imports by NAICS over all products are reported to give HTTP 500 at every window: they would never come."""
    good = agency
    whole = one(ask(settings, "imports_naics3", **ONE_YEAR))
    expected = rows(
        settings,
        "FROM raw.trade_flow_current SELECT * EXCLUDE (known_from, payload_id, load_id) ORDER BY ALL",
    )
    assert whole.state == "done" and len(expected) > 10_000

    elsewhere = settings_at(settings.home / "elsewhere")
    replay.serve("CENSUS", lambda call: good(call) if "NAICS" in call.query else failure)
    found = one(ask(elsewhere, "imports_naics3", since=date(2017, 1, 1), until=date(2018, 12, 31)))
    assert found.state == "done", found.problems
    # the whole of 2018 four times; of 2017 no more, since the parts of 2018 came
    assert found.requests == 4 + 4 + 4
    assert any("asked in 4 parts" in note for note in found.notes)
    assert (
        rows(
            elsewhere,
            "FROM raw.trade_flow_current SELECT * EXCLUDE (known_from, payload_id, load_id) "
            "WHERE year(period_start) = 2018 ORDER BY ALL",
        )
        == expected
    )


def test_a_part_that_lacks_the_other_products_withdraws_none_of_them(settings, agency, replay):
    """A part taken for the whole table would delete three quarters of it."""
    ask(settings, "imports_naics3", **ONE_YEAR)
    known = rows(settings, "SELECT count(*) FROM raw.trade_flow_current WHERE status <> 'withdrawn'")
    good = agency
    replay.serve("CENSUS", lambda call: good(call) if "NAICS" in call.query else server_error(500))
    found = one(ask(settings, "imports_naics3", **ONE_YEAR))
    assert (found.state, found.withdrawn) == ("done", 0)
    assert rows(settings, "SELECT count(*) FROM raw.trade_flow_current WHERE status <> 'withdrawn'") == known


def test_a_server_that_is_down_is_not_asked_for_every_part(settings, agency, replay):
    """22 tables of up to ten parts, four attempts each, would take hours."""
    replay.serve("CENSUS", server_error(500))
    found = one(ask(settings, "imports_hs2", **ONE_YEAR))
    assert found.state == "failed" and any("HTTP 500" in problem for problem in found.problems)
    assert len(replay.calls()) == 3 * 4, "the whole and two parts, and then no more"
    replay.serve("CENSUS", server_error(503))
    elsewhere = settings_at(settings.home / "elsewhere")
    assert one(ask(elsewhere, "imports_hs2", **ONE_YEAR)).state == "failed"
    assert len(replay.calls()) == 3 * 4 + 4, "a closed server gets no smaller question"


def test_one_part_that_fails_costs_its_own_products_only(settings, agency, replay):
    good = agency

    def partly(call: Call) -> Reply:
        return good(call) if call.get("NAICS", "2*") != "2*" else server_error(500)

    replay.serve("CENSUS", partly)
    found = one(ask(settings, "imports_naics3", **ONE_YEAR))
    assert found.state == "partial" and any("2*" in problem for problem in found.problems), found.problems
    assert rows(settings, "SELECT DISTINCT left(product_code, 1) FROM raw.trade_flow ORDER BY 1") == [
        ("1",),
        ("3",),
        ("9",),
    ]


def test_a_yearly_revision_that_is_cut_short_goes_on_the_next_day(settings, agency, replay, monkeypatch):
    """April was stored with the first answer, and the revised years before it waited for the next June."""

    def asked(day: date, **more) -> tuple[list[int], str]:
        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.combine(day, time(13), UTC)

        monkeypatch.setattr(http, "datetime", Clock)
        replay.forget()
        state = one(ask(settings, "exports_total", today=day, **more)).state
        return [int(call.get("time")[5:9]) for call in replay.calls()], state

    agency.released_to = "2024-03"
    every = list(range(2024, 2012, -1))
    assert asked(date(2024, 5, 12), full=True) == (every, "done")
    revised = """SELECT value_usd FROM raw.trade_flow_current WHERE flow = 'exports' AND classification = 'TOTAL'
                 AND partner_code = '2010' AND period_start = '2016-05-01'"""
    ((before,),) = rows(settings, revised)
    agency.released_to = "2024-04"
    for partner in ("2010", "0020", "1XXX", "-"):
        cell = rows(settings, revised.replace("'2010'", f"'{partner}'"))[0][0]
        agency.replaced["/exports/hs", "-", partner, "2016-05"] = {"ALL_VAL_MO": str(cell + 1_000_000)}
    left = [1]

    def goes_down(call: Call) -> Reply:
        left[0] -= 1
        return agency(call) if left[0] >= 0 else server_error(503)

    replay.serve("CENSUS", goes_down)
    assert asked(date(2024, 6, 10))[1] == "partial"
    replay.serve("CENSUS", agency)
    assert asked(date(2024, 6, 11)) == (every, "done")
    assert rows(settings, revised) == [(before + 1_000_000,)]
    assert asked(date(2024, 6, 12)) == ([2024], "done")
    agency.released_to = "2024-05"
    assert asked(date(2024, 7, 10)) == ([2024], "done")
