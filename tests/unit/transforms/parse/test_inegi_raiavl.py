"""INEGI light-vehicle register. Fixtures: real lines of August and September 2026 (production; BMW sales)."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import polars as pl
import pytest

from tests import FIXTURE_FOLDER
from transforms.parse import inegi_raiavl as raiavl
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError, UnreadableError

FIXTURES = FIXTURE_FOLDER / "inegi"
PRODUCTION = (FIXTURES / "raiavl_produccion_mensual_tr_cifra_2026.csv").read_bytes()
SALES = (FIXTURES / "raiavl_venta_mensual_tr_cifra_2026.csv").read_bytes()
HEADER = PRODUCTION.partition(b"\r\n")[0]


def _production(*lines: str) -> bytes:
    return HEADER + "".join(f'\r\n"x","Nacional",{line}' for line in lines).encode() + b"\r\n"


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_month_adds_up_over_models():
    reply = raiavl.parse_csv(PRODUCTION, table="production")
    assert raiavl.monthly_totals(reply).frame.select(
        "source_code", "period_start", "value", "status"
    ).rows() == [
        ("raiavl/production", date(2026, 8, 1), 25591.0, "revised"),
        ("raiavl/production", date(2026, 9, 1), 24110.0, "preliminary"),
    ]
    makers = raiavl.monthly_totals(reply, ["maker"]).frame
    assert makers.filter(period_start=date(2026, 9, 1)).select("source_code", "value").rows() == [
        ("raiavl/production/Audi", 14603.0),
        ("raiavl/production/BMW Group", 9507.0),
    ]


def test_a_model_with_a_hyphen_is_another_line_not_a_repetition():
    reply = raiavl.parse_csv(SALES, table="sales")
    august = reply.frame.filter(period_start=date(2026, 8, 1)).select(
        "model", "origin", "country_code", "vehicles"
    )
    assert august.rows() == [("Serie 2", "IMPORTADO", "4", 50), ("Serie 2-", "NACIONAL", "1", 107)]
    origins = raiavl.monthly_totals(reply, ["origin"]).frame["source_code"].unique().sort().to_list()
    assert origins == ["raiavl/sales/IMPORTADO", "raiavl/sales/NACIONAL"]


def test_repeated_keys_are_added_and_counted():
    """Mitsubishi L200, March 2020: 5 and 361 on two lines."""
    line = '2020,"03","Mitsubishi","L200","Camiones ligeros","Pick Ups",{},"Cifras Definitivas"'
    reply = raiavl.parse_csv(_production(line.format(5), line.format(361)), table="production")
    assert reply.frame.select("vehicles", "lines", "status").rows() == [(366, 2, "normal")]
    assert reply.messages == ("added 1 further lines of repeated keys",)


def test_negative_corrections_are_kept():
    line = '2017,"10","General Motors","Equinox Suv","Camiones ligeros","SUV\'s",-791,"Cifras Definitivas"'
    reply = raiavl.parse_csv(_production(line), table="production")
    assert reply.frame["vehicles"].to_list() == [-791]
    assert reply.messages == ("1 negative corrections",)


def test_one_preliminary_line_makes_the_month_preliminary():
    lines = [
        f'2026,"08","A","{m}","T","S",1,"Cifras {s}"'
        for m, s in enumerate(["Definitivas", "Revisadas", "Preliminares"])
    ]
    for count, status in ((1, "normal"), (2, "revised"), (3, "preliminary")):
        reply = raiavl.parse_csv(_production(*lines[:count]), table="production")
        assert raiavl.monthly_totals(reply).frame["status"].to_list() == [status]


@pytest.mark.parametrize(
    "line",
    [
        '2026,"13","A","B","T","S",1,"Cifras Revisadas"',
        '2026,"08","A","B","T","S",29.5,"Cifras Revisadas"',
        '2026,"08","A","B","T","S","n/d","Cifras Revisadas"',
        '2026,"08","A","B","T","S",1,"Cifras Estimadas"',
        ',"08","A","B","T","S",1,"Cifras Revisadas"',
    ],
)
def test_a_line_that_cannot_be_read_stops_the_file_because_totals_would_be_short(line):
    good = '2026,"08","A","B","T","S",1,"Cifras Revisadas"'
    with pytest.raises(SchemaChangedError, match="1 lines"):
        raiavl.parse_csv(_production(good, line), table="production")


def test_one_key_with_two_statuses_is_refused():
    line = '2026,"08","A","B","T","S",1,"Cifras {}"'
    with pytest.raises(SchemaChangedError, match="two statuses"):
        raiavl.parse_csv(
            _production(line.format("Revisadas"), line.format("Definitivas")), table="production"
        )


def test_missing_columns_are_refused_and_new_ones_named():
    with pytest.raises(SchemaChangedError) as caught:
        raiavl.parse_csv(PRODUCTION.replace(b'"UNI_VEH"', b'"UNIDADES"'), table="production")
    assert caught.value.missing == ("UNI_VEH",)
    with pytest.raises(SchemaChangedError, match="ORIGEN"):
        raiavl.parse_csv(PRODUCTION, table="sales")
    lines = PRODUCTION.splitlines()
    wider = b"\r\n".join([lines[0] + b',"PLANTA"', *(line + b',"Puebla"' for line in lines[1:])])
    assert raiavl.parse_csv(wider, table="production").messages == ("columns not known, left out: PLANTA",)


def test_a_byte_order_mark_does_not_hide_the_first_column():
    with_mark = raiavl.parse_csv(b"\xef\xbb\xbf" + PRODUCTION, table="production")
    assert with_mark.frame.equals(raiavl.parse_csv(PRODUCTION, table="production").frame)


def test_a_file_without_lines_is_empty():
    with pytest.raises(EmptyReplyError):
        raiavl.parse_csv(HEADER + b"\r\n", table="production")


def test_the_years_of_a_zip_are_joined_and_its_date_is_read():
    earlier = (
        PRODUCTION.replace(b",2026,", b",2025,")
        .replace(b"Preliminares", b"Definitivas")
        .replace(b"Revisadas", b"Definitivas")
    )
    content = _zip(
        **{
            "conjunto_de_datos/raiavl_produccion_mensual_tr_cifra_2025.csv": earlier,
            "conjunto_de_datos/raiavl_produccion_mensual_tr_cifra_2026.csv": PRODUCTION,
            "catalogos/tc_mes.csv": b'"ID_MES","DESC_MES"\r\n',
            "metadatos/metadatos_raiavl_produccion_mensual_2005_2026.txt": b"title: x\r\nmodified: 2026-10-07\r\n",
        }
    )
    reply = raiavl.parse_zip(content, table="production")
    assert (reply.frame.height, reply.modified) == (16, date(2026, 10, 7))
    assert raiavl.parse_zip(content, table="production", years=[2025]).frame["status"].unique().to_list() == [
        "normal"
    ]
    for wrong in ({"table": "sales"}, {"table": "production", "years": [1999]}):
        with pytest.raises(EmptyReplyError):
            raiavl.parse_zip(content, **wrong)
    with pytest.raises(UnreadableError, match="HTML"):
        raiavl.parse_zip(
            b"<!DOCTYPE html><html>No encontrado</html>", table="sales", content_type="text/html"
        )


@pytest.mark.recorded
def test_every_recorded_register_file_adds_up(shared_data):
    """Against the sum of the file's number column, read here without the parser."""
    folder = shared_data / "payloads/inegi/raiavl"
    for spanish, table in (("produccion", "production"), ("venta", "sales"), ("exportacion", "exports")):
        path = folder / f"raiavl_{spanish}_mensual_tr_cifra_2026.csv"
        reply = raiavl.parse_csv(path.read_bytes(), table=table)
        assert reply.frame.schema == pl.Schema(raiavl.RAIAVL_SCHEMA)
        lines = path.read_text("utf-8").splitlines()[1:]
        total = sum(int(line.rsplit(",", 2)[-2]) for line in lines)
        assert raiavl.monthly_totals(reply).frame["value"].sum() == reply.frame["vehicles"].sum() == total
        assert reply.frame["lines"].sum() == len(lines)
