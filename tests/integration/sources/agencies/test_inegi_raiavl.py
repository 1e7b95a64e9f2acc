"""INEGI's register of light vehicles (RAIAVL): zips of all years becoming monthly totals."""

from __future__ import annotations

import csv
import io

import pytest

from orchestration.sources.agencies import inegi
from tests.replay.inegi import OpenData, register_csv, register_zip
from tests.replay.server import ReplayServer, Reply, cut, html_page, server_error
from tests.support.live_case import everything, home, prepared, quarantined, refreshed, values, vintages
from tests.support.source_case import unpaced
from tests.support.stored import rows

*_, HYBRIDS, REGISTER = unpaced(inegi.DATASETS)


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
        for (series_id,) in rows(settings, "SELECT DISTINCT series_id FROM raw.observation")
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
        "2025-01 was refused: production of 2025-01 is",
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


def test_electric_and_hybrid_vehicles_are_the_sum_of_the_states(tmp_path, register):
    lines = [
        {"ANIO": 2026, "ID_MES": "09", "ID_ENTIDAD": state, "VEH_ELECTR": electric, "VEH_HIBRIDAS_PLUGIN": 2,
         "VEH_HIBRIDAS": 5}
        for state, electric in (("01", 31), ("03", 4), ("09", 878))
    ]  # fmt: skip
    register.files["hibrido"] = {2026: register_csv("hibrido", lines)}
    settings = home(tmp_path)
    assert refreshed(settings, HYBRIDS).state == "done"
    months = [
        values(settings, f"mex_sales_{kind}_vehicles") for kind in ("electric", "plug_in_hybrid", "hybrid")
    ]
    assert months == [{"2026-09": 913.0}, {"2026-09": 6.0}, {"2026-09": 15.0}]
    # a state that stands twice would be counted twice
    register.files["hibrido"] = {2026: register_csv("hibrido", [*lines, lines[0]])}
    register.modified = "Thu, 08 Oct 2026 12:00:00 GMT"
    outcome = refreshed(settings, HYBRIDS)
    assert outcome.state == "failed" and "a state stands twice" in outcome.problems[0]
