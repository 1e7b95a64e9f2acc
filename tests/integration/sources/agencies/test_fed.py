"""Federal Reserve Board: whole releases, in which each revision shows, on the very series of the bundled figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.sources.agencies import fed
from tests.replay.fed import Ddp, Series, data_xml, package, zipped
from tests.replay.server import (
    ReplayServer,
    Reply,
    bad_gzip,
    cut,
    html_page,
    no_content,
    redirect,
    server_error,
    too_many,
)
from tests.support.fed_case import G5, G17, bundled, g17, months
from tests.support.live_case import everything, home, prepared, quarantined, refreshed, values, vintages
from tests.support.stored import rows

VEHICLES = "usa_industrial_production_motor_vehicles_parts"


@pytest.fixture
def ddp(replay: ReplayServer) -> Ddp:
    agency = Ddp(
        {
            "G17": g17(),
            "H10": [
                Series(code, bundled(series_id), "H10", "Currency", currency=series_id[-3:].upper())
                for code, series_id in fed.G5.items()
            ],
        }
    )
    replay.serve("FED", agency)
    return agency


def test_live_releases_continue_the_bundled_series_without_a_single_revision(tmp_path, ddp, replay):
    """Same series, unit and number of decimals: the first live run must add only what is not bundled."""
    settings = home(tmp_path, "observation_fed")
    before = rows(settings, "SELECT count(*) FROM raw.observation")
    outcome = refreshed(settings, G17)
    assert (outcome.state, outcome.requests, outcome.revised, outcome.withdrawn) == ("done", 1, 0, 0)
    new = dict(
        rows(
            settings,
            "SELECT series_id, count(*) FROM raw.observation WHERE known_from_basis = 'retrieved' GROUP BY ALL",
        )
    )
    assert set(new) == {
        "usa_capacity_utilisation",
        "usa_capacity_utilisation_motor_vehicles_parts",
        "usa_production_motor_vehicles",
    }
    assert refreshed(settings, G5).appended == 0
    assert rows(settings, "SELECT count(*) FROM raw.observation")[0][0] == before[0][0] + sum(new.values())
    assert {c.get("rel") for c in replay.calls("FED")} == {"G17", "H10"}
    assert all(c.headers["user-agent"] for c in replay.calls("FED"))


def test_a_release_revises_five_months_and_adds_one(tmp_path, ddp):
    settings = home(tmp_path, "observation_fed")
    refreshed(settings, G17)
    same = refreshed(settings, G17)
    assert (same.unchanged, same.fetched) == (1, 0)
    revised = {f"2025-0{m}": f"{110 + m}.1234" for m in range(4, 9)}
    ddp.releases["G17"] = g17(**{VEHICLES: {**revised, "2025-09": "118.0001"}})
    outcome = refreshed(settings, G17)
    assert (outcome.appended, outcome.revised) == (6, 5)
    assert values(settings, VEHICLES)["2025-08"] == 118.1234
    ((value, status, known_from, basis),) = vintages(settings, VEHICLES, "2025-08")
    assert (value, status, basis) == (118.1234, "normal", "retrieved")
    assert known_from > max(
        r[0]
        for r in rows(
            settings, "SELECT known_from FROM raw.observation WHERE known_from_basis = 'observed_by'"
        )
    )


def test_the_filler_before_a_series_begins_is_no_observation(tmp_path, ddp):
    """A package gives all its series the same span: capacity begins in 1972, production in 1919."""
    settings = home(tmp_path)
    refreshed(settings, G17)
    assert min(values(settings, "usa_industrial_production")) == "1919-01"
    assert min(values(settings, "usa_capacity_utilisation")) == "1972-01"
    assert rows(settings, "SELECT count(*) FROM raw.observation WHERE value IS NULL") == [(0,)]


def test_a_gap_inside_a_series_is_a_missing_number_and_not_minus_9999(tmp_path, ddp):
    ddp.releases["G17"] = g17(usa_capacity_utilisation={"2025-10": ""})
    settings = home(tmp_path)
    refreshed(settings, G17)
    assert values(settings, "usa_capacity_utilisation")["2025-10"] is None


def test_assemblies_are_in_millions_whatever_the_package_calls_them(tmp_path, ddp):
    settings = home(tmp_path)
    refreshed(settings, G17)
    assert values(settings, "usa_production_motor_vehicles")["1993-01"] == 9.5


def _without(name: str) -> list[Series]:
    return [s for s in g17() if s.name != name]


def _with(name: str, **changes: object) -> list[Series]:
    return [replace(s, **changes) if s.name == name else s for s in g17()]


def _cut_history() -> list[Series]:
    return [replace(s, months={m: v for m, v in s.months.items() if m < "2020"}) for s in g17()]


FAULTS = {
    "a page for a package that does not exist": (html_page(), 4, "an HTML page instead of data"),
    "maintenance": (server_error(503), 4, "HTTP 503 after 4 attempts"),
    "too many": (too_many(), 4, "HTTP 429 after 4 attempts"),
    "no user agent": (Reply(b"Forbidden", 403, "text/plain"), 1, "HEADWAY_USER_AGENT_FED"),
    "cut": (cut(package("G17", g17())), 4, "cut in the middle"),
    "no gzip": (bad_gzip(package("G17", g17())), 4, "not the gzip"),
    "moved": (redirect("https://example.org/"), 1, "redirected elsewhere"),
    "nothing": (no_content(), 4, "without any bytes"),
    "a broken zip": (
        Reply(package("G17", g17()).body[:-30], 200, "application/zip"),
        4,
        "zip archive refused",
    ),
    "XML cut inside the zip": (Reply(zipped("G17", data_xml("G17", g17())[:-5000])), 4, "XML broken or cut"),
    "a new base year": (package("G17", _with("IP.B50001.S", unit="Index:_2022_100")), 1, "unit changed"),
    "assemblies in vehicles": (
        package("G17", _with("MVA.TOTASS.S", months=months(1993, "2026-05", 9.5e6))),
        1,
        "another size",
    ),
    "a series is gone": (package("G17", _without("IP.G3361T3.S")), 1, "1 series did not come: IP.G3361T3.S"),
    "another release": (package("H10", []), 1, "no observation of the wanted series"),
    "history cut off": (package("G17", _cut_history()), 1, "series end too early"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_or_fault_leaves_the_store_as_it_was(tmp_path, ddp, replay, fault):
    settings = prepared(tmp_path, "fed", lambda made: refreshed(made, G17))
    before = everything(settings)
    reply, asked, said = FAULTS[fault]
    replay.forget()
    replay.fail_next("FED", reply, times=4)
    outcome = refreshed(settings, G17)
    assert outcome.state == "failed" and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("FED")) == asked
    assert everything(settings) == before


def test_a_rate_in_another_currency_is_refused(tmp_path, ddp):
    ddp.releases["H10"] = [replace(s, currency="USD") for s in ddp.releases["H10"]]
    settings = home(tmp_path)
    outcome = refreshed(settings, G5)
    assert "RXI_N.M.CA is in USD, not CAD" in outcome.problems[0]
    assert len(quarantined(settings)) == 1


def test_daily_rates_beside_the_monthly_ones_are_left_alone(tmp_path, ddp):
    ddp.releases["H10"].append(Series("RXI_N.B.CA", {"2026-06": "1.9"}, "H10", "Currency", currency="CAD"))
    settings = home(tmp_path, "observation_fed")
    assert refreshed(settings, G5).appended == 0


@pytest.mark.recorded
def test_the_recorded_twin_of_the_release_has_none_of_our_series(tmp_path, ddp, replay, shared_data):
    """G.19 in the bytes of 2015, in the zip in which it comes: read to its end, and nothing of it taken for ours."""
    recorded = (shared_data / "payloads" / "fed_ddp" / "DDP_G19_data_xml_TRIMMED.xml").read_bytes()
    replay.serve("FED", Reply(zipped("G19", recorded), media_type="application/x-zip-compressed"))
    settings = home(tmp_path)
    outcome = refreshed(settings, G17)
    assert (outcome.state, outcome.appended) == ("failed", 0)
    assert "no observation of the wanted series" in outcome.problems[0]
