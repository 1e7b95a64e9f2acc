"""Archive and store of the whole warehouse against all agencies at once: filled, asked again, revised, broken; then made again from the archive.

One story and so one test: each chapter needs the one before. The agencies answer from the bundled figures
(tests/replay/agencies.py); what differs from them is changed here. The release that a refresh ends with is asked for in
tests/integration/operations/test_refresh_released.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime

import pytest

from orchestration.base.settings import Settings
from orchestration.intake.agency.plan import plan_refresh
from orchestration.intake.parsers import parser_of_archived
from orchestration.intake.registration import register
from orchestration.operations.refresh import run_refresh
from orchestration.sources import datasets
from orchestration.store.archive import Archive
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.replay.agencies import KEYS, TODAY, Agencies
from tests.replay.census import ERROR_PAGE
from tests.replay.inegi import NO_RESULTS
from tests.replay.server import ReplayServer, html_page, json_reply, redirect, server_error, text_reply
from tests.support.refreshed_case import MANUFACTURING, RefreshedWarehouse, by_name, revise
from tests.support.source_case import unpaced
from tests.support.whole_warehouse import headway


@pytest.fixture
def warehouse(whole_store: Settings, replay: ReplayServer, monkeypatch) -> RefreshedWarehouse:
    monkeypatch.setenv("HEADWAY_HOME", str(whole_store.home))
    monkeypatch.setattr(datasets, "DATASETS", tuple(unpaced(datasets.DATASETS)))
    return RefreshedWarehouse(whole_store, replay)


@pytest.mark.long
def test_a_warehouse_is_filled_kept_revised_and_survives_broken_agencies(warehouse, monkeypatch, capfd):
    agencies = Agencies().serve(warehouse.replay, monkeypatch.setenv)
    figures = dict(warehouse.rows("SELECT series_id, count(*) FROM raw.observation GROUP BY ALL"))

    first_refresh(warehouse, figures)
    # windows that grew with the first refresh are asked in their new form once
    warehouse.refresh(build=False)
    revised_refresh(warehouse, agencies)
    unchanged_refresh(warehouse)
    broken_refresh(warehouse)
    a_source_alone_by_the_command_line(warehouse)
    made_again_from_the_archive(warehouse)
    no_key_anywhere(warehouse, "".join(capfd.readouterr()))


def first_refresh(warehouse: RefreshedWarehouse, figures: dict[str, int]) -> None:
    outcome = warehouse.refresh(build=False)
    assert outcome.exit_code == 0, outcome.problems
    assert [d.dataset for d in outcome.datasets if d.state != "done"] == ["mirror"]
    # what the figures hold is not appended again: history joins up, series by series
    found = dict(warehouse.rows("SELECT series_id, count(*) FROM raw.observation GROUP BY ALL"))
    for series_id in ("usa_customs_duties_net", "fx_usd_mxn", "usa_industrial_production", MANUFACTURING):
        assert found[series_id] - figures[series_id] <= 1, series_id
    # series that no bundled file holds come from the agencies alone
    assert found.keys() - figures.keys()
    of = by_name(outcome.datasets)
    assert (of["exports_total"].appended, of["imports_hs2"].withdrawn) == (0, 0)
    # months that the figures lack between their first and their newest one are asked for and come; no other row changes
    freight = of["transborder"]
    assert (freight.revised, freight.withdrawn) == (0, 0) and 0 < freight.appended < 2_000


def unchanged_refresh(warehouse: RefreshedWarehouse) -> None:
    before = (warehouse.contents(), warehouse.settings.current.resolve())
    payloads = [replace(p, last_seen_at=None) for p in Archive(warehouse.settings).payloads()]
    # what the chapters before brought stands in no release yet, so that a refresh would end with a build: tests/unit/operations/test_refresh.py
    outcome = warehouse.refresh(build=False)
    assert outcome.exit_code == 0 and not outcome.changed
    assert sum(d.fetched for d in outcome.datasets) == 0 and sum(d.unchanged for d in outcome.datasets) >= 15
    assert (warehouse.contents(), warehouse.settings.current.resolve()) == before
    assert [replace(p, last_seen_at=None) for p in Archive(warehouse.settings).payloads()] == payloads
    # servers that support it are asked conditionally: the zips of BTS and INEGI
    for api in ("BTS", "INEGI_OPEN_DATA"):
        assert all("if-modified-since" in call.headers for call in warehouse.replay.calls(api)), api


def revised_refresh(warehouse: RefreshedWarehouse, agencies: Agencies) -> None:
    revision = revise(agencies)
    exports = """SELECT value_usd FROM raw.trade_flow WHERE partner_code = ? AND flow = 'exports' AND basis = 'total_exports'
                 AND classification = 'TOTAL' AND period_start = '2024-09-01' ORDER BY known_from, load_id"""
    # a dollar more for Mexico, and so for USMCA, North America and the world, whose sums a build checks
    cell = {partner: warehouse.rows(exports, partner)[-1][0] for partner in ("2010", "0020", "1XXX", "-")}
    for partner, value in cell.items():
        agencies.census.replaced["/exports/hs", "-", partner, "2024-09"] = {"ALL_VAL_MO": str(value + 1)}
    outcome = warehouse.refresh(build=False)
    assert outcome.exit_code == 0, outcome.problems
    of = by_name(outcome.datasets)
    # the two newest months of employment are preliminary in every answer: only one number changed
    assert (of["public_data"].appended, of["public_data"].revised) == (1, 1)
    assert (of["exports_total"].revised, of["customs_duties"].revised, of["vectors"].revised) == (4, 2, 1)
    known = "SELECT value, known_from FROM raw.observation WHERE series_id = ? AND period_start = ? ORDER BY known_from"
    employed = warehouse.rows(known, MANUFACTURING, date(2024, 9, 1))
    assert tuple(value for value, _ in employed[-2:]) == revision.employed
    newest, point = revision.exported
    # 08:30 in Ottawa in November is 13:30 UTC
    assert warehouse.rows(known, "can_exports_goods", newest)[-1] == (
        point.value,
        datetime(2024, 11, 19, 13, 30),
    )
    assert warehouse.rows(exports, "2010")[-2:] == [(cell["2010"],), (cell["2010"] + 1,)]


def broken_refresh(warehouse: RefreshedWarehouse) -> None:
    before = (warehouse.contents(), warehouse.settings.current.resolve())
    broken = {
        "BLS": html_page("Maintenance"),
        "BLS_QCEW": server_error(503),
        "CENSUS": redirect("https://api.census.gov/data/invalid_key.html", headers={"X-DataWebAPI-KeyError": "1"}),
        "BTS": text_reply("Access Denied", 403, "text/html"),
        "STATCAN": text_reply(ERROR_PAGE, 500, "text/html"),
        "INEGI": json_reply(NO_RESULTS, 400),
        "INEGI_OPEN_DATA": html_page(),
        "BANXICO": json_reply({"error": {"mensaje": "Límite de consultas superado.", "secondsToReset": 3600}}, 400),
        "BANK_OF_CANADA": server_error(503),
        "FED": html_page("The package you requested does not exist."),
        "TREASURY": server_error(502),
    }  # fmt: skip
    quarantined = len(Archive(warehouse.settings).quarantined())
    warehouse.replay.forget()
    for api, reply in broken.items():
        warehouse.replay.fail_next(api, reply, times=99)
    # of some sources the bundled figures reach beyond TODAY, so that nothing is due; from a month on each is asked
    plan = plan_refresh(warehouse.settings, today=TODAY, since=date(2024, 6, 1))
    outcome = run_refresh(warehouse.settings, plan, build=False, sleep=lambda _: None)
    asked = [d for d in outcome.datasets if d.requests]
    assert outcome.exit_code != 0 and {d.state for d in asked} == {"failed"}, [
        (d.dataset, d.state) for d in asked
    ]
    assert not outcome.released and outcome.release is None
    assert (warehouse.contents(), warehouse.settings.current.resolve()) == before
    assert len(Archive(warehouse.settings).quarantined()) > quarantined
    told = "\n".join(outcome.problems)
    for said in ("HEADWAY_CENSUS_KEY", "HTTP 502", "an HTML page instead of data", "not asked again before"):
        assert said in told
    assert len(warehouse.replay.calls("CENSUS")) == 1, "a refused key is not tried sixteen times"
    assert len(warehouse.replay.calls("BANXICO")) == 1
    warehouse.replay.forget()


def a_source_alone_by_the_command_line(warehouse: RefreshedWarehouse) -> None:
    done = headway(warehouse.settings, "refresh", "--source", "treasury", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [(d["dataset"], d["state"], d["unchanged"]) for d in told["datasets"]] == [
        ("customs_duties", "done", 1)
    ]
    assert headway(warehouse.settings, "refresh", "--source", "treasury", "--dry-run").returncode == 0
    assert len(warehouse.replay.calls()) == 1


def made_again_from_the_archive(warehouse: RefreshedWarehouse) -> None:
    before = warehouse.contents()
    settings = warehouse.settings
    settings.store.rename(settings.store.with_name("aside.duckdb"))
    rebuild_store_from_archive(settings, parser_of_archived, lambda con: register(settings, con))
    assert warehouse.contents() == before
    settings.store.with_name("aside.duckdb").unlink()


def no_key_anywhere(warehouse: RefreshedWarehouse, output: str) -> None:
    markers = [key[:6] for variable, key in KEYS.items() if variable.endswith("_KEY")]
    assert not [m for m in markers if m in output]
    for path in warehouse.settings.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not [m for m in markers if m.encode() in content], path
    asked = warehouse.rows("SELECT request_url FROM raw.payload")
    assert asked and not [url for (url,) in asked if any(m in url for m in markers)]
