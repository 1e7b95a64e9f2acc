"""INEGI: the token in the path, the one refusal for everything, histories and register zips on the bundled series."""

from __future__ import annotations

import polars as pl
import pytest

from orchestration.base.settings import PROJECT
from orchestration.sources.agencies import inegi
from orchestration.sources.agencies.series_reply import declared_series
from tests.replay.inegi import NO_RESULTS, Bie
from tests.replay.server import (
    ReplayServer,
    Reply,
    bad_gzip,
    cut,
    html_page,
    json_reply,
    redirect,
    server_error,
    too_many,
)
from tests.support.live_case import everything, home, prepared, refreshed, values, vintages
from tests.support.source_case import holds, unpaced
from tests.support.stored import rows

VEHICLES, TRADE, *_, REGISTER = unpaced(inegi.DATASETS)
TOKEN = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
PRODUCTION = "mex_production_vehicles"


def bundled(codes: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Indicator -> month -> the newest bundled number."""
    figures = pl.read_parquet(PROJECT / "warehouse" / "figures" / "observation_inegi.parquet").sort(
        "known_from"
    )
    newest = figures.group_by("series_id", "period_start").last()
    found: dict[str, dict[str, str]] = {}
    for code, series_id in declared_series("inegi", codes).items():
        rows = newest.filter(series_id=series_id).select("period_start", "value").sort("period_start").rows()
        found[code] = {
            f"{period:%Y-%m}": f"{value:g}" if value == int(value) else repr(value) for period, value in rows
        }
        found[code] = {
            m: str(int(float(v))) if float(v) == int(float(v)) else v for m, v in found[code].items()
        }
    return found


@pytest.fixture(scope="module")
def histories() -> dict[str, dict[str, str]]:
    return bundled((*inegi.VEHICLES, *inegi.TRADE))


@pytest.fixture
def bie(replay: ReplayServer, monkeypatch, histories) -> Bie:
    monkeypatch.setenv("HEADWAY_INEGI_KEY", TOKEN)
    agency = Bie(TOKEN, {code: dict(months) for code, months in histories.items()})
    replay.serve("INEGI", agency)
    return agency


def test_live_histories_continue_the_bundled_series_without_a_single_revision(tmp_path, bie, replay):
    settings = home(tmp_path, "observation_inegi")
    for dataset in (VEHICLES, TRADE):
        outcome = refreshed(settings, dataset)
        assert (outcome.state, outcome.requests, outcome.withdrawn) == ("done", 1, 0)
        # the newest month of each series is preliminary now, which the bundled copies do not say
        assert (outcome.appended, outcome.revised) == (12, 12)
        assert refreshed(settings, dataset).unchanged == 1
    assert rows(
        settings, "SELECT DISTINCT status FROM raw.observation WHERE known_from_basis = 'retrieved'"
    ) == [("preliminary",)]
    first = replay.calls("INEGI")[0]
    assert first.path.startswith("/app/api/indicadores/desarrolladores/jsonxml/INDICATOR/15166,15167,15168,")
    assert first.path.endswith(f"/es/00/false/BIE-BISE/2.0/{TOKEN}") and first.get("type") == "json"


def test_a_new_month_a_revised_one_and_one_that_is_gone(tmp_path, bie):
    settings = home(tmp_path)
    refreshed(settings, VEHICLES)
    bie.series["15166"] |= {"2022-07": "280000", "2022-08": "300001"}
    del bie.series["15166"]["2022-02"]
    outcome = refreshed(settings, VEHICLES)
    assert (outcome.appended, outcome.revised, outcome.withdrawn) == (2, 1, 1)
    assert [v[:2] for v in vintages(settings, PRODUCTION, "2022-07")] == [
        (276308.0, "preliminary"),
        (280000.0, "normal"),
    ]
    assert "2022-02" not in values(settings, PRODUCTION)


def test_an_empty_number_is_missing_and_not_zero(tmp_path, bie):
    bie.series["15169"]["2022-06"] = ""
    settings = home(tmp_path)
    refreshed(settings, VEHICLES)
    assert values(settings, "mex_sales_cars")["2022-06"] is None


def test_bank_and_area_can_be_set_where_the_agency_moved_them(tmp_path, bie, monkeypatch):
    bie.bank, bie.area = "BIE", "0700"
    settings = home(tmp_path)
    assert refreshed(settings, VEHICLES).state == "failed"
    monkeypatch.setenv("HEADWAY_INEGI_BANK", "BIE")
    monkeypatch.setenv("HEADWAY_INEGI_AREA", "0700")
    assert refreshed(settings, VEHICLES).state == "done"


def test_one_retired_indicator_among_twelve_is_found_by_asking_singly(tmp_path, bie, replay):
    """The refusal of the whole names nobody, and eleven good series would have been lost with the retired one."""
    settings = home(tmp_path)
    bie.series["910392"] = {"2026-08": "145.462"}  # what the probe asks for
    del bie.series["15171"]
    outcome = refreshed(settings, VEHICLES)
    assert outcome.state == "partial" and outcome.requests == 2 + len(inegi.VEHICLES)
    (problem,) = outcome.problems
    assert problem.startswith("indicator 15171") and "No se encontraron resultados" in problem
    stored = rows(settings, "SELECT count(DISTINCT series_id) FROM raw.observation")
    assert stored == [(len(inegi.VEHICLES) - 1,)]
    again = refreshed(settings, VEHICLES)
    assert again.unchanged == len(inegi.VEHICLES) - 1 and not again.changed


def test_a_refused_token_is_told_from_a_retired_indicator_by_the_probe(tmp_path, bie, replay):
    """Else a wrong token would be sent once more for every indicator."""
    bie.token = "another"
    outcome = refreshed(home(tmp_path), VEHICLES)
    assert outcome.state == "failed" and outcome.requests == 2
    assert "HEADWAY_INEGI_KEY" in outcome.problems[0] and "refused as well" in outcome.problems[0]


def test_the_token_is_written_nowhere(tmp_path, bie, replay):
    """It is a segment of the path, so every address would hold it."""
    settings = home(tmp_path)
    refreshed(settings, VEHICLES)
    for fault in (
        server_error(500, TOKEN.encode()),
        json_reply([f"ErrorInfo:{TOKEN}"], 400),
        redirect(f"/x/{TOKEN}"),
    ):
        replay.fail_next("INEGI", fault, times=4)
        told = refreshed(settings, VEHICLES).problems
        replay.forget()
        assert TOKEN not in " ".join(told)
    assert holds(settings.home, TOKEN) == []
    url = rows(settings, "SELECT request_url FROM raw.payload WHERE source_id = 'inegi'")[0][0]
    assert url.endswith("/2.0/{token}?type=json")


def test_without_a_token_nothing_is_asked(tmp_path, bie, replay, monkeypatch):
    monkeypatch.delenv("HEADWAY_INEGI_KEY")
    outcome = refreshed(home(tmp_path), TRADE)
    assert outcome.state == "skipped" and "HEADWAY_INEGI_KEY" in outcome.skip
    assert replay.calls("INEGI") == []


def _thousandfold(bie: Bie) -> Reply:
    months = {m: str(float(v) * 1000) for m, v in bie.series["33860"].items() if v}
    return Bie(TOKEN, {**bie.series, "33860": months})(_call(inegi.TRADE))


def _call(codes: tuple[str, ...]):
    from tests.replay.server import Call

    path = f"/app/api/indicadores/desarrolladores/jsonxml/INDICATOR/{','.join(codes)}/es/00/false/BIE-BISE/2.0/{TOKEN}"
    return Call("INEGI", "GET", path, {}, {}, b"")


FAULTS = {
    "the one refusal": (
        json_reply(NO_RESULTS, 400),
        2,
        "says the same for a wrong token, indicator, bank or area",
    ),
    "the same with status 200": (json_reply(NO_RESULTS), 2, "ask for a known indicator first"),
    "HTML with status 200": (html_page(), 4, "an HTML page instead of data"),
    "maintenance": (server_error(503), 4, "HTTP 503 after 4 attempts"),
    "too many": (too_many(), 4, "HTTP 429 after 4 attempts"),
    "cut": (cut(json_reply({"Series": []})), 4, "cut in the middle"),
    "no gzip": (bad_gzip(json_reply({})), 4, "not the gzip"),
    "another envelope": (json_reply({"Header": {}}), 1, "reply without Series"),
    "quarters": (lambda bie: Bie(TOKEN, bie.series, frequency="4")(_call(inegi.TRADE)), 1, "FREQ 4"),
    "an indicator is gone": (
        lambda bie: Bie(TOKEN, bie.series)(_call(tuple(c for c in inegi.TRADE if c != "897"))),
        1,
        "1 series did not come: 897",
    ),
    "thousands in place of millions": (_thousandfold, 1, "33860 comes in another size"),
    "only the newest value": (
        lambda bie: Bie(TOKEN, {c: {"2021-01": "40000"} for c in inegi.TRADE})(_call(inegi.TRADE)),
        1,
        "end too early",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_or_fault_leaves_the_store_as_it_was(tmp_path, bie, replay, fault):
    settings = prepared(tmp_path, "inegi_trade", lambda made: refreshed(made, TRADE))
    before = everything(settings)
    reply, asked, said = FAULTS[fault]
    replay.forget()
    replay.fail_next("INEGI", reply if isinstance(reply, Reply) else reply(bie), times=4)
    outcome = refreshed(settings, TRADE)
    assert outcome.state == "failed" and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("INEGI")) == asked
    assert everything(settings) == before
