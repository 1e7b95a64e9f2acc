"""TransBorder zips with damage in them, as published ones have: it costs as little as it can."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from tests.unit.transforms.parse.test_bts import AUGUST, BOTH, DOT2, KNOWN, months, without
from transforms.parse import bts
from transforms.schema import FrameError

DOT1 = without(DOT2, "COMMODITY2", extra={"DEPE": "0101"})
DOT3 = without(DOT2, "USASTATE", "MEXSTATE", "CANPROV", extra={"DEPE": "0101"})


def archive(members: dict[str, str | bytes], *, damaged: str = "") -> bytes:
    """A zip of `members`, stored as they are; one byte of the member `damaged` is turned."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    content = buffer.getvalue()
    if damaged:
        raw = members[damaged]
        raw = raw.encode() if isinstance(raw, str) else raw
        at = content.index(raw) + len(raw) // 2
        content = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    return content


def test_a_damaged_zip_in_the_zip_costs_its_month_only():
    """One damaged month had the whole year refused."""
    inner = {"Aug.zip": archive({"dot2_0824.csv": AUGUST}), "Sep.zip": archive({"dot2_0924.csv": DOT2})}
    parsed = months(archive(inner, damaged="Aug.zip"))
    assert parsed.frame["period_start"].unique().to_list() == [BOTH[1]]
    assert "Aug.zip" in parsed.refused["2024-08"] and list(parsed.refused) == ["2024-08"]


@pytest.mark.parametrize("name", ["dot1_0924.csv", "dot3_0924.csv"])
def test_a_damaged_table_beside_dot2_costs_the_comparison_only(name):
    members = {"dot1_0924.csv": DOT1, "dot2_0924.csv": DOT2, "dot3_0924.csv": DOT3}
    whole, hurt = months(archive(members), BOTH[1:]), months(archive(members, damaged=name), BOTH[1:])
    assert hurt.frame.equals(whole.frame) and hurt.refused == {} and whole.messages == ()
    (message,) = hurt.messages
    assert f"could not be compared with {name[:4]}" in message and "cannot be unpacked" in message


def test_a_damaged_dot2_is_read_from_the_year_to_date_table_of_a_later_month():
    """dot2 of 2008-03, 2017-03 and 2017-07 are damaged in the published zips, and repeated in later tables."""
    header, *rows = DOT2.splitlines(keepends=True)
    through = header + "".join(AUGUST.splitlines(keepends=True)[1:]) + "".join(rows)
    members = {"dot2_0824.csv": AUGUST, "dot2_0924.csv": DOT2, "dot2_ytd_0924.csv": through}
    whole, hurt = months(archive(members)), months(archive(members, damaged="dot2_0824.csv"))
    assert hurt.refused == {} and hurt.frame.equals(whole.frame)
    assert hurt.messages[0].startswith("2024-08: read from dot2_ytd_0924.csv, because")
    # what the other tables say still counts
    other = {**members, "dot1_0824.csv": DOT1.replace(",09,2024", ",08,2024").replace("21206", "21207", 1)}
    assert (
        "values of dot2 and dot1 differ" in months(archive(other, damaged="dot2_0824.csv")).refused["2024-08"]
    )


def test_a_damaged_dot2_that_stands_nowhere_else_is_named():
    content = archive({"dot2_0824.csv": AUGUST, "dot2_0924.csv": DOT2}, damaged="dot2_0824.csv")
    parsed = months(content)
    assert parsed.frame["period_start"].unique().to_list() == [BOTH[1]]
    assert "dot2_0824.csv" in parsed.refused["2024-08"]


def test_tables_without_their_number_in_the_name_are_told_by_their_columns():
    """2016-08 is TransBorder_3_0816 (1).csv, (2).csv and (3).csv: dot3, dot1 and dot2."""
    members = {
        "TransBorder_3_0924 (1).csv": DOT3,
        "TransBorder_3_0924 (2).csv": DOT1,
        "TransBorder_3_0924 (3).csv": DOT2,
    }
    usual = {"dot1_0924.csv": DOT1, "dot2_0924.csv": DOT2, "dot3_0924.csv": DOT3}
    assert months(archive(members), BOTH[1:]).frame.equals(months(archive(usual), BOTH[1:]).frame)
    wrong = {**members, "TransBorder_3_0924 (2).csv": DOT1.replace("21206", "21207", 1)}
    with pytest.raises(FrameError, match="dot2 and dot1 differ"):
        months(archive(wrong), BOTH[1:])


def test_a_year_to_date_table_is_not_taken_for_a_month():
    with pytest.raises(FrameError, match="0 different members"):
        bts.parse_months(archive({"ytd_0924.csv": "TRDTYPE\n"}), [date(2024, 9, 1)], known_from=KNOWN)
