"""INEGI: the token in the path, the one refusal for everything, histories and register zips on the bundled series."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import polars as pl
import pytest

from orchestration.settings import PROJECT
from orchestration.sources import inegi
from orchestration.sources.series_reply import declared_series
from tests.live_case import everything, home, prepared, quarantined, query, refreshed, values, vintages
from tests.replay.inegi import NO_RESULTS, Bie, OpenData, register_csv, register_zip
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
from tests.source_case import context, holds, unpaced

VEHICLES, TRADE, REGISTER = unpaced(inegi.DATASETS)
TOKEN = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
PRODUCTION = "mex_production_vehicles"
FIXTURES = PROJECT / "tests" / "fixtures" / "inegi"


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
    assert query(
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
    url = query(settings, "SELECT request_url FROM raw.payload WHERE source_id = 'inegi'")[0][0]
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
        1,
        "says the same for a wrong token, indicator, bank or area",
    ),
    "the same with status 200": (json_reply(NO_RESULTS), 1, "ask for a known indicator first"),
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


@pytest.mark.recorded
def test_the_transcribed_answer_and_refusal_are_what_the_replay_says(shared_data):
    folder = shared_data / "payloads" / "inegi"
    real = json.loads((folder / "bise_6207136901_success.json").read_bytes())
    ours = Bie(TOKEN, {"1": {"2026-07": "109.2"}}).one("1")
    assert set(ours) == set(real["Series"][0])
    assert set(ours["OBSERVATIONS"][0]) == set(real["Series"][0]["OBSERVATIONS"][0])
    assert json.loads((folder / "error_400_no_results.json").read_bytes()) == NO_RESULTS


# --- the register of light vehicles -------------------------------------------------------------------------------


def production(*rows: dict) -> dict[int, bytes]:
    years: dict[int, list[dict]] = {}
    for row in rows:
        years.setdefault(int(row["ANIO"]), []).append(row)
    return {year: register_csv("produccion", found) for year, found in years.items()}


def _month(year: int, month: str, units: dict[str, int], status: str = "Cifras Definitivas") -> list[dict]:
    """Every maker that is a series of its own, and one that is none."""
    return [
        {
            "ANIO": year,
            "ID_MES": month,
            "MARCA": maker,
            "TIPO": "Automóviles" if maker == "Nissan" else "Camiones ligeros",
            "UNI_VEH": n,
            "ESTATUS": status,
        }
        for maker, n in units.items()
    ]


UNITS = {"Audi": 100, "BMW Group": 200, "Ford Motor": 300, "General Motors": 400, "Nissan": 500}
HISTORY = [
    row
    for number, (year, month) in enumerate((y, f"{m:02}") for y in (2025, 2026) for m in range(1, 13))
    if (year, month) < (2026, "10")
    for row in _month(year, month, {k: v + number for k, v in UNITS.items()})
]
SALES = [
    {"ANIO": 2026, "ID_MES": "09", "MARCA": "BMW", "TIPO": kind, "ORIGEN": origin, "UNI_VEH": n}
    for kind, origin, n in (
        ("Automóviles", "NACIONAL", 7),
        ("Automóviles", "IMPORTADO", 8),
        ("Camiones ligeros", "IMPORTADO", 9),
    )
]
EXPORTS = [
    {"ANIO": 2026, "ID_MES": "09", "TIPO": kind, "ID_PAIS_DESTINO": country, "UNI_VEH": n}
    for kind, country, n in (
        ("Automóviles", 66, 70),
        ("Camiones ligeros", 40, 20),
        ("Camiones ligeros", 4, 5),
    )
]


@pytest.fixture
def register(replay: ReplayServer) -> OpenData:
    agency = OpenData(
        {
            "produccion": production(*HISTORY),
            "venta": {2026: register_csv("venta", SALES)},
            "exportacion": {2026: register_csv("exportacion", EXPORTS)},
        }
    )
    replay.serve("INEGI_OPEN_DATA", agency)
    return agency


def test_totals_types_makers_and_destinations_become_series(tmp_path, register, replay):
    settings = home(tmp_path)
    outcome = refreshed(settings, REGISTER)
    assert (outcome.state, outcome.requests, outcome.rejected) == ("done", 3, 0)
    newest = {
        series_id: values(settings, series_id)["2026-09"]
        for (series_id,) in query(settings, "SELECT DISTINCT series_id FROM raw.observation")
    }
    assert newest == {
        "mex_production_light_vehicles": 1600.0,
        "mex_production_light_vehicles_cars": 520.0,
        "mex_production_light_vehicles_trucks": 1080.0,
        "mex_production_light_vehicles_audi": 120.0,
        "mex_production_light_vehicles_bmw": 220.0,
        "mex_production_light_vehicles_ford": 320.0,
        "mex_production_light_vehicles_general_motors": 420.0,
        "mex_sales_light_vehicles": 24.0,
        "mex_sales_light_vehicles_cars": 15.0,
        "mex_sales_light_vehicles_trucks": 9.0,
        "mex_sales_light_vehicles_made_in_mexico": 7.0,
        "mex_sales_light_vehicles_imported": 17.0,
        "mex_exports_light_vehicles": 95.0,
        "mex_exports_light_vehicles_cars": 70.0,
        "mex_exports_light_vehicles_trucks": 25.0,
        "mex_exports_light_vehicles_usa": 70.0,
        "mex_exports_light_vehicles_can": 20.0,
    }
    assert any("1 makers or countries are no series" in note for note in outcome.notes)
    assert [c.path.rsplit("_", 2)[1] for c in replay.calls("INEGI_OPEN_DATA")] == [
        "produccion",
        "venta",
        "exportacion",
    ]


def test_the_second_time_the_zips_are_asked_conditionally(tmp_path, register, replay):
    settings = home(tmp_path)
    refreshed(settings, REGISTER)
    outcome = refreshed(settings, REGISTER)
    assert (outcome.unchanged, outcome.fetched) == (3, 0)
    assert all("if-modified-since" in c.headers for c in replay.calls("INEGI_OPEN_DATA")[3:])


def test_a_month_goes_from_preliminary_to_revised_to_definitive(tmp_path, register):
    """Each change of status is something that was known from then on, also where the number stays."""
    settings = home(tmp_path)
    older = [r for r in HISTORY if (r["ANIO"], r["ID_MES"]) < (2026, "09")]
    for number, (total, status) in enumerate(
        (
            (100, "Cifras Preliminares"),
            (101, "Cifras Revisadas"),
            (101, "Cifras Definitivas"),
        )
    ):
        units = {**UNITS, "Audi": total}
        register.files["produccion"] = production(*older, *_month(2026, "09", units, status))
        register.modified = f"Wed, 0{number + 1} Oct 2026 12:00:00 GMT"
        refreshed(settings, REGISTER)
    found = vintages(settings, "mex_production_light_vehicles_audi", "2026-09")
    assert [v[:2] for v in found] == [(100.0, "preliminary"), (101.0, "revised"), (101.0, "normal")]


def test_repeated_keys_are_added_and_negative_corrections_count(tmp_path, register):
    rows = [*HISTORY, {**HISTORY[-1], "UNI_VEH": 1000}, {**HISTORY[-1], "UNI_VEH": -20}]
    register.files["produccion"] = production(*rows)
    settings = home(tmp_path)
    outcome = refreshed(settings, REGISTER)
    assert values(settings, "mex_production_light_vehicles")["2026-09"] == 1600.0 + 1000 - 20
    assert any("added 2 further lines of repeated keys" in note for note in outcome.notes)


def _column_gone(rows: list[dict]) -> bytes:
    lines = list(csv.reader(io.StringIO(register_csv("produccion", rows).decode())))
    place = lines[0].index("ESTATUS")
    return "\n".join(",".join(c for i, c in enumerate(line) if i != place) for line in lines).encode()


REGISTER_FAULTS = {
    "the file is gone": (
        Reply(b"<html><body>404</body></html>", 404, "text/html"),
        1,
        "the request was refused",
    ),
    "HTML with status 200": (html_page(), 4, "an HTML page instead of data"),
    "maintenance": (server_error(502), 4, "HTTP 502 after 4 attempts"),
    "cut": (cut(Reply(register_zip("produccion", production(*HISTORY)))), 4, "cut in the middle"),
    "a broken zip": (Reply(register_zip("produccion", production(*HISTORY))[:-40]), 4, "zip archive refused"),
    "another table": (
        Reply(register_zip("venta", {2026: b"x"})),
        1,
        "archive without the files of production",
    ),
    "a column is gone": (
        Reply(register_zip("produccion", {2026: _column_gone(HISTORY)})),
        1,
        "missing: ESTATUS",
    ),
    "an unknown status": (
        Reply(register_zip("produccion", production({**HISTORY[0], "ESTATUS": "Cifras Oportunas"}))),
        1,
        "unreadable month, number or status",
    ),
    "a third type": (
        Reply(register_zip("produccion", production(*HISTORY, {**HISTORY[0], "TIPO": "Motocicletas"}))),
        1,
        "its types add up to",
    ),
    "a maker has another name": (
        Reply(
            register_zip(
                "produccion",
                production(*({**r, "MARCA": "GM"} if r["MARCA"] == "General Motors" else r for r in HISTORY)),
            )
        ),
        1,
        "1 series did not come: raiavl/production/General Motors",
    ),
    "years are missing": (
        Reply(register_zip("produccion", production(*(r for r in HISTORY if r["ANIO"] == 2025)))),
        1,
        "end too early",
    ),
}


@pytest.mark.parametrize("fault", REGISTER_FAULTS)
def test_a_broken_register_file_is_set_aside_and_the_other_tables_go_on(tmp_path, register, replay, fault):
    settings = prepared(tmp_path, "inegi_register", lambda made: refreshed(made, REGISTER))
    before = everything(settings)
    reply, asked, said = REGISTER_FAULTS[fault]
    replay.forget()
    replay.fail_next(
        "INEGI_OPEN_DATA",
        reply,
        times=asked,
        path="/contenidos/datosprimarios/iavl/datosabiertos/conjunto_de_datos_raiavl_mensual_produccion",
    )
    outcome = refreshed(settings, REGISTER)
    assert outcome.state == "partial" and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("INEGI_OPEN_DATA")) == asked + 2
    assert everything(settings) == before


@pytest.mark.recorded
def test_recorded_register_files_in_a_zip_are_read_and_told_to_be_partial(tmp_path, register, shared_data):
    """The recorded files are cut-outs of one maker: read line by line, then refused because the other makers are gone."""
    recorded = shared_data / "payloads" / "inegi" / "raiavl"
    for table in ("produccion", "venta", "exportacion"):
        content = (recorded / f"raiavl_{table}_mensual_tr_cifra_2026.csv").read_bytes()
        register.files[table] = {2026: content}
    settings = home(tmp_path)
    outcome = refreshed(settings, REGISTER)
    said = " ".join(outcome.problems)
    assert "raiavl/production/Ford Motor" in said and "raiavl/exports/Automóviles" in said
    assert len(quarantined(settings)) == len(outcome.problems)


def test_one_request_a_group_because_the_api_has_no_window():
    today = date(2026, 11, 21)
    for plan, codes in ((VEHICLES.plan, inegi.VEHICLES), (TRADE.plan, inegi.TRADE)):
        (request,) = plan(context(today, since=date(2024, 1, 1)))
        assert request.context["codes"] == list(codes) and "/false/" in request.path
    assert len(REGISTER.plan(context(today))) == 3


def test_the_probe_is_an_indicator_that_is_known_to_exist():
    """A refusal of an unknown indicator reads like one of a wrong token."""
    assert "/910392/es/00/true/BIE-BISE/2.0/{token}" in inegi.API.probe.path
