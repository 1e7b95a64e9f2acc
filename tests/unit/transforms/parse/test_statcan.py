"""Statistics Canada full tables. The fixture is real rows of table 20-10-0001, chosen for their quirks."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import polars as pl
import pytest

from tests import FIXTURE_FOLDER
from transforms.parse import statcan
from transforms.schema import FrameError

TEXT = (FIXTURE_FOLDER / "statcan" / "20100001.csv").read_text(encoding="utf-8")
TOTAL, VALUE, SUPPRESSED = "v42169911", "v42169913", "v42170003"


def zipped(text: str | bytes, name: str = "20100001.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
        archive.writestr("20100001_MetaData.csv", '"Cube Title"\n')
    return buffer.getvalue()


def table(text: str = TEXT) -> pl.DataFrame:
    return statcan.full_table(zipped(text), "20100001")


def test_the_byte_order_mark_is_no_part_of_the_first_column():
    assert TEXT.startswith("\ufeff")
    assert table()["period_start"].min() == date(1968, 1, 1)
    assert table(TEXT.removeprefix("\ufeff")).equals(table())


def test_a_trailing_blank_of_the_scalar_does_not_split_a_series():
    """Units are printed 'units ' until 2018 and 'units' from 2019, in one and the same vector."""
    assert '"units "' in TEXT and '"units"' in TEXT
    chosen = statcan.select_vectors(table(), {TOTAL: "can_sales_motor_vehicles"})
    assert chosen.rows() == [
        ("can_sales_motor_vehicles", date(2018, 11, 1), 149231.0, "normal", 0),
        ("can_sales_motor_vehicles", date(2018, 12, 1), 118182.0, "normal", 0),
        ("can_sales_motor_vehicles", date(2019, 1, 1), 111917.0, "normal", 0),
        ("can_sales_motor_vehicles", date(2019, 2, 1), 124105.0, "normal", 0),
    ]


def test_the_scalar_is_handed_on_because_printed_numbers_are_not_in_units():
    chosen = statcan.select_vectors(table(), {VALUE: "can_sales_motor_vehicles_value"})
    assert set(chosen["scalar_exponent"]) == {3}
    assert chosen["value"][0] == 6699452.0


def test_a_suppressed_cell_is_suppressed_not_zero_and_not_missing():
    rows = table().filter(pl.col("vector") == SUPPRESSED)
    assert rows.select("value", "status").rows() == [(None, "suppressed")] * 2


@pytest.mark.parametrize(
    ("status", "symbol", "value", "expected"),
    [
        ("..", "", "", (None, "missing")),
        ("...", "", "", (None, "missing")),
        ("F", "", "", (None, "suppressed")),
        ("", "", "", (None, "missing")),
        ("", "p", "149231", (149231.0, "preliminary")),
        ("", "r", "149231", (149231.0, "revised")),
        ("E", "", "149231", (149231.0, "normal")),
        ("B", "r", "149231", (149231.0, "revised")),
        ("A", "p", "149231", (149231.0, "preliminary")),
        ("..", "p", "", (None, "missing")),
        ("", "", "0", (0.0, "normal")),
    ],
)
def test_every_mark_of_the_symbol_legend_becomes_its_status(status, symbol, value, expected):
    marked = TEXT.replace('"149231","","",', f'"{value}","{status}","{symbol}",', 1)
    assert marked != TEXT or value == "149231"
    row = table(marked).filter((pl.col("vector") == TOTAL) & (pl.col("period_start") == date(2018, 11, 1)))
    assert row.select("value", "status").rows() == [expected]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace('"VECTOR"', '"VEKTOR"'), r"lacks the columns \['VECTOR'\]"),
        (TEXT.splitlines()[0] + "\n", "no rows"),
        (TEXT.replace('"149231"', '"n/a"'), "not a number"),
        (TEXT.replace('"2018-11"', '"2018/2019"'), "REF_DATE not a period"),
    ],
)
def test_a_changed_layout_or_a_contradiction_is_refused_with_what_is_wrong(text, message):
    with pytest.raises(FrameError, match=message):
        table(text)


@pytest.mark.parametrize("content", [b"", b"<html>", zipped(TEXT)[:200], zipped(TEXT, name="20100002.csv")])
def test_a_truncated_zip_a_page_or_another_table_is_refused(content):
    with pytest.raises(FrameError, match=r"not a zip|no member '20100001.csv'"):
        statcan.full_table(content, "20100001")


def test_a_table_larger_than_the_limit_is_refused():
    with pytest.raises(FrameError, match="unpacks to more than 1,000 bytes"):
        statcan.full_table(zipped(TEXT), "20100001", max_bytes=1000)


def test_a_vector_that_is_not_in_the_table_is_named():
    with pytest.raises(FrameError, match=r"vectors \['v1'\] are not in the table"):
        statcan.select_vectors(table(), {TOTAL: "a", "v1": "b"})


def test_a_vector_that_changes_its_scalar_is_refused_because_its_numbers_are_in_two_units():
    mixed = TEXT.replace(
        '"thousands","3","v42169913","1.1.1.2.1","5332216"', '"units","0","v42169913","1.1.1.2.1","5332216"'
    )
    with pytest.raises(FrameError, match=r"\['v42169913'\] change their unit"):
        statcan.select_vectors(table(mixed), {VALUE: "a"})


@pytest.mark.slow
@pytest.mark.recorded
def test_the_real_table_read_by_hand_gives_the_same_numbers(shared_data):
    content = (shared_data / "payloads" / "statcan" / "20100001-eng.zip").read_bytes()
    whole = statcan.full_table(content, "20100001")
    assert whole.height == 149_858
    assert whole["status"].value_counts().sort("status").rows() == [
        ("normal", 132_017),
        ("suppressed", 17_841),
    ]
    chosen = statcan.select_vectors(whole, {TOTAL: "a"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("20100001.csv") as member:
        reader = csv.DictReader(io.TextIOWrapper(member, encoding="utf-8-sig"))
        by_hand = {row["REF_DATE"]: float(row["VALUE"]) for row in reader if row["VECTOR"] == TOTAL}
    assert {f"{period:%Y-%m}": value for _, period, value, *_ in chosen.iter_rows()} == by_hand


#: the members of TOTAL, in the words of the table
MEMBERS = {
    "geography": "Canada",
    "Vehicle type": "Total, new motor vehicles",
    "Origin of manufacture": "Total, country of manufacture",
    "Seasonal adjustment": "Unadjusted",
    "Sales": "Units",
}


def test_a_series_picked_by_its_names_is_the_one_of_its_vector():
    """The agency moves series to new tables with new vectors; names are what a reader can check."""
    by_name, refused = statcan.select_members(table(), {"s": MEMBERS})
    assert refused == {}
    assert by_name.equals(statcan.select_vectors(table(), {TOTAL: "s"}))


def test_a_part_of_a_table_holds_the_same_rows_as_the_whole():
    part = statcan.part_of_table(zipped(TEXT), "20100001", [MEMBERS])
    assert part.height < table().height
    assert statcan.select_members(part, {"s": MEMBERS})[0].equals(
        statcan.select_members(table(), {"s": MEMBERS})[0]
    )


def test_the_code_behind_a_member_need_not_be_known():
    coded = TEXT.replace('"Total, new motor vehicles"', '"Total, new motor vehicles [C21]"')
    for members in (MEMBERS, {**MEMBERS, "Vehicle type": "Total, new motor vehicles [C21]"}):
        part = statcan.part_of_table(zipped(coded), "20100001", [members])
        assert statcan.select_members(part, {"s": members})[0].height == 4


def test_a_renamed_member_is_refused_and_the_other_series_stay():
    """Taking the nearest name would load another series under this id."""
    renamed = {**MEMBERS, "Vehicle type": "Total, all vehicles"}
    rows, refused = statcan.select_members(table(), {"s": MEMBERS, "t": renamed})
    assert set(rows["series_id"]) == {"s"}
    assert refused == {"t": f"0 vectors have the members {', '.join(renamed.values())}"}


def test_names_that_several_vectors_share_are_refused():
    without_unit = {k: v for k, v in MEMBERS.items() if k != "Sales"}
    rows, refused = statcan.select_members(table(), {"s": without_unit})
    assert rows.is_empty() and "2 vectors" in refused["s"]


def test_a_dimension_that_is_gone_is_no_empty_selection():
    with pytest.raises(FrameError, match="no columns \\['Fuel type'\\]"):
        statcan.select_members(table(), {"s": {**MEMBERS, "Fuel type": "Gasoline"}})


def test_a_streamed_table_is_not_unpacked_without_limit():
    with pytest.raises(FrameError, match="unpacks to more than 1,000 bytes"):
        statcan.part_of_table(zipped(TEXT), "20100001", [MEMBERS], max_bytes=1000)


def test_a_part_without_any_row_is_no_empty_table():
    with pytest.raises(FrameError, match="has no rows"):
        statcan.part_of_table(zipped(TEXT), "20100001", [{"geography": "Atlantis"}])
