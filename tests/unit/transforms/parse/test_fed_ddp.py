"""Federal Reserve data packages. Fixtures: real G.17 indexes (motor vehicles and parts of 2025, total of 2026).

Planted: one ND month in the XML, blanks in the CSV, the total index in a second dataset.
"""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.parse import fed_ddp
from transforms.parse.outcome import EmptyReplyError, HtmlInsteadError, SchemaChangedError, UnreadableError
from transforms.parse.reply import rescale

FIXTURES = FIXTURE_FOLDER / "fed"
XML = (FIXTURES / "G17_data.xml").read_bytes()
COLUMN = (FIXTURES / "g17_seriescolumn.csv").read_bytes()
ROW = (FIXTURES / "g17_seriesrow.csv").read_bytes()
VEHICLES = "IP.G3361T3.S"


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_the_filler_for_no_data_never_becomes_a_value():
    frame = fed_ddp.parse_reply(XML, codes=[VEHICLES]).frame
    february = frame.filter(period_start=date(2025, 2, 1)).row(0, named=True)
    assert (february["value"], february["status"], february["note"]) == (None, "missing", "OBS_STATUS ND")
    assert frame["value"].min() == 103.1469


def test_a_filler_with_a_normal_status_and_an_unknown_status_are_rejected():
    for old, new in ((b'OBS_STATUS="ND"', b'OBS_STATUS="A"'), (b'OBS_STATUS="ND"', b'OBS_STATUS="Z"')):
        reply = fed_ddp.parse_reply(XML.replace(old, new), codes=[VEHICLES])
        assert (reply.frame.height, len(reply.left.rejected)) == (6, 1)


def test_months_dated_by_their_last_day_start_on_their_first():
    frame = fed_ddp.parse_reply(XML, codes=[VEHICLES]).frame
    assert b'TIME_PERIOD="2025-08-31"' in XML
    assert frame.filter(period_start=date(2025, 8, 1))["value"].to_list() == [106.9238]


def test_a_series_in_two_datasets_is_one_series():
    reply = fed_ddp.parse_reply(XML, codes=["IP.B50001.S"])
    assert (reply.frame.height, reply.left.dropped) == (4, {"repeated rows": 4})
    different = XML[::-1].replace(b"102.509"[::-1], b"102.510"[::-1], 1)[::-1]
    with pytest.raises(SchemaChangedError, match="comes twice"):
        fed_ddp.parse_reply(different)


def test_the_base_year_is_read_from_the_unit():
    details = fed_ddp.parse_reply(XML).details[VEHICLES]
    assert (details["unit"], details["base_year"]) == ("Index:_2017_100", "2017")
    assert details["identifier"] == "G17/IP_MAJOR_INDUSTRY_GROUPS/IP.G3361T3.S"
    assert details["title"] == "Motor vehicles and parts (NAICS = 3361-3); s.a. IP"


def test_a_series_in_two_units_is_refused():
    half = XML.rindex(b'UNIT="Index:_2017_100"')
    with pytest.raises(SchemaChangedError, match="two units"):
        fed_ddp.parse_reply(XML[:half] + XML[half:].replace(b"2017_100", b"2022_100"))


def test_the_preparation_time_is_not_a_release_time():
    reply = fed_ddp.parse_reply(XML)
    assert reply.frame["released_at"].null_count() == reply.frame.height
    assert "file prepared 2026-06-16T09:05:00 (Eastern time)" in reply.messages


def test_the_zip_and_the_bare_file_are_the_same():
    content = _zip(**{"G17_struct.xml": b"<!DOCTYPE x><a/>", "G17_data.xml": XML, "frb_common.xsd": b"<a/>"})
    assert fed_ddp.parse_reply(content, content_type="application/zip").frame.equals(
        fed_ddp.parse_reply(XML).frame
    )
    with pytest.raises(SchemaChangedError, match="data"):
        fed_ddp.parse_reply(_zip(**{"G17_struct.xml": b"<a/>"}))


def test_a_cut_xml_is_not_read_short():
    with pytest.raises(UnreadableError, match="cut after"):
        fed_ddp.parse_reply(XML[: XML.index(b'TIME_PERIOD="2025-06-30"')])


def test_a_document_type_is_refused_before_any_entity_is_expanded():
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><a>&b;</a>'
    with pytest.raises(SchemaChangedError, match="document type"):
        fed_ddp.parse_reply(bomb)


def test_a_bad_package_is_a_page_in_a_200():
    with pytest.raises(HtmlInsteadError):
        fed_ddp.parse_reply(b"\r\n<!DOCTYPE html><html><head><title>Error</title>", content_type="text/html")


def test_both_csv_layouts_hold_the_same_figures():
    column, row = fed_ddp.parse_reply(COLUMN), fed_ddp.parse_reply(ROW)
    assert column.frame.equals(row.frame)
    assert column.details == row.details
    assert column.details[VEHICLES]["identifier"].endswith("/IP.G3361T3.S")
    assert column.frame.filter(source_code=VEHICLES)["value"].to_list() == [
        104.5944, 103.1469, 107.7836, 105.017, 104.2551, 106.9238,
    ]  # fmt: skip


def test_a_blank_inside_a_series_is_missing_and_around_it_nothing():
    reply = fed_ddp.parse_reply(COLUMN, codes=["IP.B50001.S"])
    assert reply.frame.select("period_start", "value", "status").rows() == [
        (date(2025, 4, 1), 101.1279, "normal"),
        (date(2025, 5, 1), None, "missing"),
        (date(2025, 6, 1), 101.4785, "normal"),
        (date(2025, 7, 1), 101.894, "normal"),
    ]
    assert reply.left.dropped == {"blank cells before or after a series": 2}


def test_a_cut_or_changed_csv_is_refused():
    with pytest.raises(UnreadableError, match="cut off"):
        fed_ddp.parse_reply(COLUMN[:-15])
    with pytest.raises(UnreadableError, match="cut off"):
        fed_ddp.parse_reply(ROW[:-20])
    with pytest.raises(SchemaChangedError, match="Series Name"):
        fed_ddp.parse_reply(b"date,value\n2025-01,1\n")
    with pytest.raises(SchemaChangedError, match="period"):
        fed_ddp.parse_reply(COLUMN.replace(b"2025-03", b"March25"))


def test_a_file_without_the_wanted_series_is_empty_not_fine():
    for body in (XML, COLUMN, ROW):
        with pytest.raises(EmptyReplyError):
            fed_ddp.parse_reply(body, codes=["IP.NOPE.S"])


def test_numbers_of_any_frequency_start_their_period():
    periods = {
        "2025Q3": (date(2025, 7, 1), "quarterly"),
        "2025": (date(2025, 1, 1), "annual"),
        "2025-03-14": (date(2025, 3, 14), "daily"),
    }
    for text, expected in periods.items():
        frame = fed_ddp.parse_reply(COLUMN.partition(b"2025-03")[0] + f"{text},1,2\n".encode()).frame
        assert frame.row(0)[1:3] == expected
    for freq, ends, start in (
        ("162", "2025-12-31", date(2025, 10, 1)),
        ("203", "2025-12-31", date(2025, 1, 1)),
        ("9", "2025-12-30", date(2025, 12, 30)),
    ):
        xml = (
            f'<m xmlns:k="k"><k:Series SERIES_NAME="S" FREQ="{freq}" UNIT="Number" UNIT_MULT="1">'
            f'<k:Obs OBS_STATUS="A" OBS_VALUE="1" TIME_PERIOD="{ends}"/></k:Series></m>'
        )
        assert fed_ddp.parse_reply(xml.encode()).frame["period_start"].to_list() == [start]


def test_the_multiplier_is_the_number_itself_and_not_a_power():
    millions = XML.replace(b'UNIT_MULT="1"', b'UNIT_MULT="1000000"')
    reply = rescale(fed_ddp.parse_reply(millions, codes=[VEHICLES]), {VEHICLES: 1})
    assert reply.frame.filter(period_start=date(2025, 8, 1))["value"].to_list() == [106923800.0]


_MONTHS = [date(2019 + i // 12, i % 12 + 1, 1) for i in range(24)]


@given(st.lists(st.one_of(st.none(), st.decimals(-999, 999, places=4)), min_size=3, max_size=24))
@examples(40)
def test_three_formats_of_one_series_agree(values):
    """Writers of the XML and of both CSV layouts; ends of months from an independent rule (day before the next)."""
    months = _MONTHS[: len(values)]
    ends = [
        date.fromordinal(date(m.year + m.month // 12, m.month % 12 + 1, 1).toordinal() - 1) for m in months
    ]
    observations = "".join(
        f'<frb:Obs OBS_STATUS="{"ND" if v is None else "A"}" OBS_VALUE="{-9999 if v is None else v}" TIME_PERIOD="{e}"/>'
        for v, e in zip(values, ends, strict=True)
    )
    xml = (
        '<m:MessageGroup xmlns:m="m" xmlns:frb="f" xmlns:kf="k"><frb:DataSet id="D"><kf:Series SERIES_NAME="S" FREQ="129" '
        f'UNIT="Number" UNIT_MULT="1">{observations}</kf:Series></frb:DataSet></m:MessageGroup>'
    )
    cells = ["" if v is None else str(v) for v in values]
    labels = ["Series Description", "Unit:", "Multiplier:", "Currency:", "Unique Identifier: ", "Time Period"]
    series = ['a, "b"', "Number", "1", "NA", "R/D/S", "S"]
    names = ["Descriptions:", "Unit:", "Multiplier:", "Currency:", "Unique Identifier:", "Series Name:"]
    periods = [f"{m:%Y-%m}" for m in months]
    column, row = io.StringIO(), io.StringIO()
    csv.writer(column).writerows([*zip(labels, series, strict=True), *zip(periods, cells, strict=True)])
    csv.writer(row).writerows([[*names, *periods], [*series, *cells]])
    expected = {m: float(v) for m, v in zip(months, values, strict=True) if v is not None}
    for body in (xml, column.getvalue(), row.getvalue()):
        if not expected and body is not xml:
            continue
        frame = fed_ddp.parse_reply(body.encode()).frame
        present = frame.filter(status="normal")
        assert dict(present.select("period_start", "value").rows()) == expected


@pytest.mark.recorded
def test_every_recorded_fed_payload_is_understood(shared_data):
    folder = shared_data / "payloads/fed_ddp"
    xml = fed_ddp.parse_reply((folder / "DDP_G19_data_xml_TRIMMED.xml").read_bytes())
    assert (xml.frame.height, xml.left.rejected) == (48, ())
    loans = xml.frame.filter(source_code="RIFLPBCIANM48_N.M")
    assert loans["status"].to_list().count("missing") == 8
    assert loans.filter(period_start=date(1972, 2, 1))["value"].to_list() == [10.2]
    assert xml.details["DTCTL_@%A_BA.M"]["identifier"] == "G19/CCOUT/DTCTL_@%A_BA.M"
    table = fed_ddp.parse_reply((folder / "G17_csv_layout_seriescolumn_TRIMMED.csv").read_bytes())
    assert (table.frame.height, table.left.rejected) == (190, ())
    assert table.details["IP.N2121.S"]["base_year"] == "2007"
    assert table.frame.filter(source_code="IP.N2121.S", period_start=date(1972, 3, 1))["value"].to_list() == [
        62.6846
    ]


def test_a_multiplier_in_powers_and_a_title_under_another_label_are_understood():
    """Read as it stands, 1e+09 would be compared with 1000000000 as a text and look like another unit."""
    rows = [
        [
            "Description:",
            "Unit:",
            "Multiplier:",
            "Currency:",
            "Unique Identifier:",
            "Series Name:",
            "2026-01",
        ],
        ["M1; Not seasonally adjusted", "Currency", "1e+09", "USD", "H6/H6/M1_N.M", "M1_N.M", "18.5"],
    ]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    reply = fed_ddp.parse_reply(text.getvalue().encode())
    assert reply.details["M1_N.M"]["unit_multiplier"] == "1000000000"
    assert reply.details["M1_N.M"]["title"] == "M1; Not seasonally adjusted"
    assert rescale(reply, {"M1_N.M": 1_000_000}).frame["value"].to_list() == [18_500.0]
