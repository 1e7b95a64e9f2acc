"""Answers of agencies that were found in public repositories, read in place, with values checked by hand.

One test an agency; where the bytes come from stands in the README beside them (payloads2/us, payloads2/canmex).
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from transforms.parse import (
    banxico,
    bls,
    census,
    comtrade,
    fed_ddp,
    inegi,
    inegi_raiavl,
    statcan,
    statcan_wds,
    treasury,
)
from transforms.parse.outcome import BadRequestError, SchemaChangedError
from transforms.parse.reply import rescale

pytestmark = pytest.mark.recorded


@pytest.fixture
def us(shared_data: Path) -> Path:
    folder = shared_data / "payloads2" / "us"
    if not folder.is_dir():
        pytest.skip(f"no recorded answers in {folder}")
    return folder


@pytest.fixture
def canmex(shared_data: Path) -> Path:
    folder = shared_data / "payloads2" / "canmex"
    if not folder.is_dir():
        pytest.skip(f"no recorded answers in {folder}")
    return folder


def test_every_answer_is_read_by_a_test_here(us, canmex):
    """A file that is added to the folder and that no parser ever met."""
    source = Path(__file__).read_text(encoding="utf-8")
    # "{name}_406.json" and "raiavl_{name}.csv": the part of the name beside the braces is left out on both sides
    texts = set(re.findall(r'"([\w.\-]+)"', source))
    known = texts | {f"{text}_406" for text in texts} | {f"raiavl_{text}" for text in texts}
    files = [path for folder in (us, canmex) for path in folder.rglob("*") if path.is_file()]
    unread = {path.name for path in files if not {path.name, path.stem} & known} - {"README.md"}
    assert len(files) >= 38 and not unread


def value(frame: pl.DataFrame, code: str, month: date) -> float | None:
    return frame.filter(source_code=code, period_start=month)["value"].item()


def test_bls_flat_files(us):
    """The same padded columns in files of 2017 and of 2024; averages (M13, S01) are no months."""
    prices = bls.parse_data_file((us / "cu.data.1.AllItems.2017-02.txt").read_bytes())
    assert (prices.frame.height, prices.left.dropped_rows, prices.left.rejected) == (2_090, 203, ())
    assert value(prices.frame, "CUSR0000SA0", date(1947, 1, 1)) == 21.48
    assert value(prices.frame, "CUUR0000AA0", date(2017, 1, 1)) == 727.439
    west = bls.parse_data_file((us / "cu.data.10.OtherWest.first200.txt").read_bytes())
    assert (west.frame.height, west.left.dropped_rows) == (173, 26)
    assert value(west.frame, "CUUR0400AA0", date(1966, 12, 1)) == 53.3
    jobs = bls.parse_data_file((us / "ce.data.90a.extract.txt").read_bytes())
    assert (jobs.frame.height, jobs.left.dropped_rows) == (14, 3)
    assert value(jobs.frame, "CES9000000001", date(2024, 2, 1)) == 23_180
    assert jobs.frame["status"].to_list().count("preliminary") == 2


def test_bls_series_files_have_the_titles_and_bases_of_ours(us):
    """EIUIR302NAPT is parts excluding Canada, 2000=100; Canada's index is 2000=100, Mexico's 2003-12=100."""
    prices = bls.parse_series_file((us / "ei.series.2026-08.extract.txt").read_bytes())
    bases = dict(prices.select("series_id", "base_period").rows())
    assert (bases["EIUCOCANTOT"], bases["EIUCOMEXTOT"]) == ("2000=100", "December 2003=100")
    (parts,) = prices.filter(series_id="EIUIR302NAPT").rows(named=True)
    assert "excluding Canadian" in parts["series_title"] and parts["base_period"] == "2000=100"
    jobs = bls.parse_series_file((us / "ce.series.2024-03.extract.txt").read_bytes())
    (vehicles,) = jobs.filter(series_id="CES3133600101").rows(named=True)
    assert (
        vehicles["series_title"] == "All employees, thousands, motor vehicles and parts, seasonally adjusted"
    )
    assert vehicles["begin_year"] == "1990"


def test_bls_api(us):
    reply = bls.parse_reply((us / "openbb_bls_v2.json").read_bytes())
    assert (reply.frame.height, reply.left.rejected, reply.refused) == (12, (), {})
    assert value(reply.frame, "APU0000701111", date(2022, 12, 1)) == 0.522
    assert value(reply.frame, "APU0000701111", date(2022, 1, 1)) == 0.424


def test_census(us):
    reply = census.parse_reply((us / "census_imports_hs2_2023-06_ch72_87.json").read_bytes(), flow="imports")
    assert (reply.frame.height, reply.left.rejected) == (283, ())
    world = reply.frame.filter(partner_code="-").select("product_code", "value_usd").sort("product_code")
    assert world.rows() == [("72", 3_066_733_298), ("87", 32_110_909_858)]
    end_use = census.parse_reply((us / "hrecht_enduse_2024-01.json").read_bytes(), flow="imports")
    assert end_use.frame.filter(partner_code="0020").select("basis", "value_usd").rows() == [
        ("general", 71_351_448_154),
        ("consumption", 71_232_155_920),
    ]


def test_federal_reserve_packages(us):
    """A billion is written 1e+09, and the title of the other layout stands under "Description:"."""
    money = fed_ddp.parse_reply((us / "ddp_H6_seriescolumn_extract.csv").read_bytes())
    assert money.details["M1_N.M"]["unit_multiplier"] == "1000000000"
    assert money.details["M1_N.M"]["title"] == "M1; Not seasonally adjusted"
    in_units = rescale(money, {"M1_N.M": 1_000_000})
    assert value(in_units.frame, "M1_N.M", date(1959, 1, 1)) == 142_200
    output = fed_ddp.parse_reply((us / "g17_seriesrow_2026-06.csv").read_bytes())
    assert output.details["IP.B50001.S"]["title"] == "Total index; s.a. IP"
    assert output.details["IP.B00004.S"]["base_year"] == "2017"
    assert value(output.frame, "IP.B50001.S", date(2026, 6, 1)) == 102.6395
    assert value(output.frame, "CAPUTL.B50001.S", date(2025, 12, 1)) == 75.6422


def test_treasury_envelope(us):
    """Table 5 in place of table 4: the envelope is understood, and what is missing is named."""
    content = (us / "ustfd_mts_table_5.json").read_bytes()
    with pytest.raises(SchemaChangedError) as refused:
        treasury.parse_customs_duties(content)
    assert refused.value.missing == tuple(treasury.FIELDS)
    reply = json.loads(content)
    assert reply["meta"]["total-pages"] == 1 and len(reply["data"]) == reply["meta"]["count"] == 48


def test_statistics_canada_tables(canmex):
    prices = statcan.full_table((canmex / "statcan" / "18100204-eng.zip").read_bytes(), "18100204")
    assert prices.height == 11_804
    assert prices["status"].value_counts().sort("status").rows() == [("normal", 11_772), ("suppressed", 32)]
    assert statcan.contradictions(prices, prices["vector"].unique()) == []
    total = statcan.select_vectors(prices, {"v107792869": "electricity"})
    assert total.row(0)[1:3] == (date(1981, 1, 1), 31.0)


def test_statistics_canada_web_download(canmex):
    """Registrations by fuel: the vectors are those that are asked for, each with its members; blank lines end a file."""
    folder = canmex / "statcan"
    cars = statcan.table_of_csv((folder / "20100025_canada_ontario.csv").read_bytes(), "20100025")
    assert cars.height == 2_720
    members = dict(
        cars.select("vector", pl.concat_str("geography", "Fuel type", "Vehicle type", separator="|")).rows()
    )
    assert members["v1671330686"] == "Canada|All fuel types|Total, vehicle type"
    assert members["v1277479871"] == "Canada|All zero-emission vehicles|Total, vehicle type"
    assert members["v1671380007"] == "Ontario|All fuel types|Total, vehicle type"
    chosen = statcan.select_vectors(cars, {"v1671330686": "all", "v1277485216": "electric"})
    assert chosen.filter(series_id="all", period_start=date(2017, 4, 1))["value"].item() == 610_662
    assert chosen.filter(series_id="electric").height == 34
    blank = statcan.table_of_csv((folder / "20100025_blank_tail.csv").read_bytes(), "20100025")
    assert blank.height == 37
    assert blank["status"].value_counts().sort("status").rows() == [("missing", 24), ("normal", 13)]


def test_statistics_canada_service(canmex):
    folder = canmex / "wds"
    two = statcan_wds.parse_series((folder / "coord_data_point.json").read_bytes(), key="coordinate")
    canada = two.frame.filter(pl.col("source_code").str.starts_with("14100287/7.7."))
    assert canada.select("period_start", "value", "released_at").rows() == [
        (date(2026, 9, 1), 7.0, datetime(2026, 10, 9, 12, 30))
    ]
    years = statcan_wds.parse_series((folder / "range_data_point_2019_2021.json").read_bytes())
    assert years.frame.height == 36
    assert value(years.frame, "v2063949", date(2019, 1, 1)) == 5.6
    assert value(years.frame, "v2063949", date(2021, 12, 1)) == 6.3
    absent = statcan_wds.parse_series(
        (folder / "nonexistent_coordinate_data.json").read_bytes(), key="coordinate"
    )
    assert absent.refused == {"14100287/99.7.1.1.1.1.0.0.0.0": "invalid table and series combination"}
    hidden = statcan_wds.parse_series((folder / "suppressed_value_CONSTRUCTED.json").read_bytes())
    assert hidden.frame.select("value", "status").rows() == [(None, "suppressed")]
    census_year = statcan_wds.parse_series((folder / "census_data_point.json").read_bytes(), key="coordinate")
    assert (census_year.frame.height, census_year.left.dropped_rows) == (0, 1)
    for name, said in (("malformed_coordinate", "co-ordinate"), ("vector_zero", "negative or zero")):
        with pytest.raises(BadRequestError, match=said):
            statcan_wds.parse_series((folder / f"{name}_406.json").read_bytes(), status=406)


def test_statistics_canada_codes_are_all_known(canmex):
    codes = json.loads((canmex / "wds" / "code_sets_extract.json").read_bytes())
    known = {
        "scalar": statcan_wds._SCALAR,
        "symbol": statcan_wds._SYMBOL,
        "status": statcan_wds._STATUS,
        "frequency": {**statcan_wds._FREQUENCY, **dict.fromkeys(statcan_wds._OTHER_FREQUENCIES)},
    }
    for name, listed in codes.items():
        assert {int(code) for code in listed} <= set(known[name]), name


def test_inegi(canmex):
    reply = inegi.parse_reply(
        (canmex / "inegi" / "inpc_910392_transcribed.json").read_bytes(), frequencies={"910392": "monthly"}
    )
    assert reply.frame.select("period_start", "value").rows() == [
        (date(2026, 7, 1), 145.169),
        (date(2026, 8, 1), 145.462),
    ]


def test_inegi_register(canmex):
    """Corrections of earlier months are negative, parts of one figure stand on two lines, `revised` before `preliminary`."""
    folder = canmex / "raiavl"

    def table(name: str, kind: str) -> inegi_raiavl.RaiavlReply:
        return inegi_raiavl.parse_csv((folder / f"raiavl_{name}.csv").read_bytes(), table=kind)

    made = inegi_raiavl.monthly_totals(table("produccion_mensual_tr_cifra_2026", "production"))
    assert made.frame.select("period_start", "value", "status").rows() == [
        (date(2026, 8, 1), 16_200 + 1_969 + 1_547 + 5_875, "revised"),
        (date(2026, 9, 1), 14_603 + 2_096 + 1_500 + 5_911, "preliminary"),
    ]
    assert table("produccion_mensual_tr_cifra_2005", "production").frame["vehicles"].to_list() == [-625]
    assert table("produccion_mensual_tr_cifra_2020", "production").frame.select(
        "vehicles", "lines"
    ).rows() == [(4_754, 2)]
    assert table("venta_mensual_tr_cifra_2017", "sales").frame["vehicles"].to_list() == [-791]
    assert table("venta_mensual_tr_cifra_2020", "sales").frame.select("vehicles", "lines").rows() == [
        (366, 2)
    ]
    assert table("venta_mensual_tr_cifra_2026", "sales").frame.height == 10
    sent = table("exportacion_mensual_tr_cifra_2026", "exports").frame
    usa = sent.filter(country_code="66", period_start=date(2026, 9, 1), maker="Audi")
    assert (sent.height, usa["vehicles"].to_list()) == (54, [4_793])


def test_inegi_register_says_to_which_month_it_reaches(canmex):
    """The note beside the files is no table; what it says of the newest month is what the tables hold."""
    folder = canmex / "raiavl"
    note = (folder / "metadatos_raiavl_exportacion_mensual_2005_2026.txt").read_text(encoding="utf-8")
    sent = inegi_raiavl.parse_csv(
        (folder / "raiavl_exportacion_mensual_tr_cifra_2026.csv").read_bytes(), table="exports"
    )
    assert "preliminares al mes de Septiembre" in note and "modified: 2026-10-07" in note
    assert sent.frame["period_start"].max() == date(2026, 9, 1)


def test_inegi_electric_and_hybrid_vehicles(canmex):
    """Three states of the file: their sum is what becomes the series of the country."""
    content = (canmex / "raiavl" / "raiavl_hibrido_mensual_tr_cifra_2026.csv").read_bytes()
    reply = inegi_raiavl.parse_hybrids(content)
    september = reply.frame.filter(period_start=date(2026, 9, 1)).select("source_code", "value", "status")
    assert september.rows() == [
        ("raiavl/hybrids/electric", 31 + 4 + 878, "revised"),
        ("raiavl/hybrids/hybrid", 211 + 60 + 2_323, "revised"),
        ("raiavl/hybrids/plug_in", 33 + 8 + 744, "revised"),
    ]


def test_banxico(canmex):
    folder = canmex / "banxico"
    expected = {
        "SF43718_date_range": [20.0467, 20.0777],
        "SF43718_latest": [20.0777],
        "SF60653_date_range": [20.0577, 20.0465],
        "SF60653_latest": [20.0777],
    }
    for name, values in expected.items():
        assert banxico.parse_reply((folder / f"{name}.json").read_bytes()).frame["value"].to_list() == values


def test_comtrade(canmex):
    reply = comtrade.parse_reply((canmex / "comtrade" / "chn_annual.json").read_bytes(), frequency="A")
    assert reply.frame.select("partner_code", "flow", "value_usd").rows() == [
        ("032", "imports", 6_804_128_143),
        ("276", "imports", 74_251_272_075),
        ("032", "exports", 6_115_764_185),
        ("276", "exports", 68_047_133_397),
    ]
    assert reply.frame["quantity"].null_count() == 4
