"""A month of bulk detail is every dollar of its control totals, or nothing."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import bulk_case
from tests.support.examples import examples
from transforms.detail_tables import DETAIL_TABLES
from transforms.parse.census_bulk import is_bulk, read_month, stated_by
from transforms.parse.census_bulk_layouts import BULKS
from transforms.schema import FrameError


def read(path):
    with path.open("rb") as file:
        return read_month(file, path.name)


def members(rows=None):
    return bulk_case.import_members(bulk_case.import_rows() if rows is None else rows)


def refused(tmp_path, changed, match, name="IMDB2501.ZIP"):
    with pytest.raises(FrameError, match=match):
        read(bulk_case.zipped(tmp_path / name, changed))


def test_imports_are_the_values_that_were_written(tmp_path):
    month = read(bulk_case.imports_zip(tmp_path))
    rows = [row for row in bulk_case.import_rows() if row.get("con_val")]
    assert (month.flow, month.month, month.lines, month.zero_rows) == ("imports", "2025-01", len(rows) + 1, 1)
    assert month.frame.columns == [*DETAIL_TABLES["imports"].codes, *DETAIL_TABLES["imports"].amounts]
    codes = ("hs10", "country", "subco", "entry", "unlading", "provision")
    written = [(*(row[c] for c in codes), *(row.get(a, 0) for a in bulk_case.IMPORT_AMOUNTS)) for row in rows]
    assert month.frame.rows() == written
    of_country = month.frame.group_by("hs10", "country_code").agg(pl.col("consumption_value").sum())
    assert set(of_country.rows()) == {(p, c, v) for p, c, v, _ in bulk_case.IMPORTED}
    total = sum(value for *_, value, _ in bulk_case.IMPORTED)
    assert month.controls["IMP_CTY"]["consumption_value"] == total
    assert set(month.controls) == {"IMP_COMM", "IMP_CTY", "IMP_DE", "IMP_DU"}


def test_exports_are_the_values_that_were_written(tmp_path):
    month = read(bulk_case.exports_zip(tmp_path))
    assert (month.flow, month.zero_rows) == ("exports", 1)
    found = month.frame.select("hs10", "country_code", "export_value").rows()
    assert found == list(bulk_case.EXPORTED)
    assert set(month.controls) == {"EXP_COMM", "EXP_CTY", "EXP_DIST"}


def test_amounts_of_a_layout_fill_the_line_twice():
    """The month's amounts and the year's lie behind each other; an amount forgotten or too many would shift all others."""
    for bulk in BULKS:
        for layout in (bulk.layout, *(control.layout for control in bulk.controls)):
            assert layout.first_amount - 1 + 2 * 15 * len(layout.amounts) == layout.line_bytes, layout.name


@pytest.mark.parametrize("member", ["IMP_COMM.TXT", "imp_CTY.txt", "IMP_DE.TXT"])
def test_a_control_total_off_by_one_dollar_refuses_the_month(tmp_path, member):
    changed = members()
    line = changed[member][0]
    place = next(c.layout for b in BULKS for c in b.controls if c.member == member[:-4].upper())
    last = place.first_amount - 1 + 15 * (place.amounts.index("general_value") + 1)
    changed[member][0] = f"{line[: last - 15]}{int(line[last - 15 : last]) + 1:015d}{line[last:]}"
    refused(
        tmp_path,
        changed,
        rf"{member}: general_value of .* sums to [\d,]+, the control total is [\d,]+ \(1 of",
    )


def test_a_total_without_rows_and_rows_without_a_total_refuse_the_month(tmp_path):
    changed = members()
    changed["IMP_COMM.TXT"] = changed["IMP_COMM.TXT"][1:]
    refused(tmp_path, changed, "hs10 2709001000 sums to .*, the control total is 0")
    changed = members()
    changed["IMP_DETL.TXT"] = changed["IMP_DETL.TXT"][1:]
    refused(tmp_path, changed, "cards of hs10 2709001000")


@pytest.mark.parametrize("member", ["IMP_COMM.TXT", "imp_CTY.txt", "IMP_DE.TXT", "IMP_DETL.TXT"])
def test_without_a_needed_member_nothing_is_read(tmp_path, member):
    changed = members()
    del changed[member]
    refused(tmp_path, changed, "lacks the control totals|holds none of")


@pytest.mark.parametrize("member", ["IMP_DETL.TXT", "IMP_DE.TXT"])
def test_a_line_of_another_length_is_named_with_its_file(tmp_path, member):
    changed = members()
    changed[member][1] = changed[member][1][:-4]
    refused(tmp_path, changed, rf"IMDB2501\.ZIP: {member} line 2 has \d+ characters")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"country": "9999"}, "line 3: unknown country_code '9999'"),
        ({"entry": "77"}, "line 3: unknown district_entry '77'"),
        ({"unlading": "77"}, "line 3: unknown district_unlading '77'"),
        ({"country": "12A0"}, "line 3: country_code is '12A0', not all digits"),
    ],
)
def test_an_unknown_code_is_named_with_its_line(tmp_path, change, match):
    rows = bulk_case.import_rows()
    rows[2] = {**rows[2], **change}
    refused(tmp_path, members(rows), match)


def test_without_the_lists_of_codes_the_totals_still_know_the_countries(tmp_path):
    changed = members()
    del changed["COUNTRY.TXT"], changed["DISTRICT.TXT"]
    assert read(bulk_case.zipped(tmp_path / "IMDB2501.ZIP", changed)).frame.height
    rows = bulk_case.import_rows()
    changed["IMP_DETL.TXT"] = [
        bulk_case.import_line({**rows[0], "country": "9999"}),
        *changed["IMP_DETL.TXT"][1:],
    ]
    refused(tmp_path, changed, "imp_CTY.txt: cards of country_code 1220")


def test_a_zip_that_is_cut_or_damaged_is_refused_at_every_place(tmp_path):
    content = bulk_case.imports_zip(tmp_path).read_bytes()
    for size in range(0, len(content), 97):
        with pytest.raises(FrameError, match="no zip, or is cut or damaged"):
            read_month(io.BytesIO(content[:size]), "IMDB2501.ZIP")
    middle = content.index(b"IMP_DETL.TXT") + 200
    turned = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
    with pytest.raises(FrameError):
        read_month(io.BytesIO(turned), "IMDB2501.ZIP")


def test_lines_of_another_month_or_flow_than_the_name_says_are_refused(tmp_path):
    refused(tmp_path, members(), "line 1 is of 202501, expected 202502", name="IMDB2502.ZIP")
    refused(tmp_path, members(), "is of imports, the name of the file says exports", name="EXDB2501.ZIP")
    changed = members()
    changed["IMP_DETL.TXT"][4] = changed["IMP_DETL.TXT"][4].replace("202501", "202412", 1)
    refused(tmp_path, changed, "line 5 is of 202412", name="download.zip")


@examples(40)
@given(st.integers(0, 26), st.integers(0, 357), st.integers(0, 255))
def test_no_byte_of_a_row_can_change_unnoticed(row, place, value):
    """Whatever a byte of the codes or of the month's amounts becomes: the month is refused, or what is read is the same (a blank
    in place of a leading zero), but for two codes that no total covers."""
    changed = members()
    lines = [line.encode() for line in changed["IMP_DETL.TXT"]]
    lines[row] = lines[row][:place] + bytes([value]) + lines[row][place + 1 :]
    changed["IMP_DETL.TXT"] = b"".join(line + b"\r\n" for line in lines)
    not_covered = ["subcountry_code", "rate_provision"]
    with tempfile.TemporaryDirectory() as folder:
        right = read(bulk_case.imports_zip(Path(folder))).frame.drop(not_covered)
        try:
            found = read(bulk_case.zipped(Path(folder) / "IMDB2501.ZIP", changed)).frame.drop(not_covered)
        except FrameError as error:
            assert str(error).startswith("IMDB2501.ZIP")
        else:
            assert found.equals(right)


def test_names_and_other_zips_are_told_apart(tmp_path):
    assert stated_by("imdb2412.zip") == ("imports", "2024-12")
    assert stated_by("EXDB1301.ZIP") == ("exports", "2013-01")
    assert stated_by("IMDB2413.ZIP") is None
    with bulk_case.exports_zip(tmp_path).open("rb") as file:
        assert is_bulk(file) and file.tell() == 0
    assert not is_bulk(io.BytesIO(b"PK"))
