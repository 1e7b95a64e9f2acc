"""BTS TransBorder monthly zips. The fixture is real: Rhode Island, September 2024, HS 84 and 87 and two rows of 27."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.checks import check_frame
from transforms.parse import archive_member, bts
from transforms.schema import FREIGHT_FLOW, FrameError

KNOWN = datetime(2024, 11, 25)
DOT2 = (FIXTURE_FOLDER / "bts" / "dot2_0924.csv").read_text(encoding="utf-8")


def zipped(**members: str | bytes) -> bytes:
    """A zip of members; `__` stands for a slash in the names, `_csv` for the ending."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return buffer.getvalue()


def without(text: str, *columns: str, extra: dict[str, str] | None = None) -> str:
    """The CSV without some columns and with constant others: dot2 turned into the layout of dot1 or dot3."""
    rows = list(csv.DictReader(io.StringIO(text)))
    names = [*(name for name in rows[0] if name not in columns), *(extra or {})]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: {**row, **(extra or {})}[name] for name in names} for row in rows)
    return out.getvalue()


def by_hand(text: str, chapters: set[str]) -> dict[tuple, list[int]]:
    """The grain again, without the code under test."""
    cells: dict[tuple, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in csv.DictReader(io.StringIO(text)):
        if row["COMMODITY2"] in chapters:
            partner = {"1220": "CAN", "2010": "MEX"}[row["COUNTRY"]]
            flow = {"1": "exports", "2": "imports"}[row["TRDTYPE"]]
            region = row["CANPROV"] or row["MEXSTATE"] or "XX"
            cell = cells[row["USASTATE"], partner, region, row["COMMODITY2"], row["DISAGMOT"], flow]
            for i, amount in enumerate(("VALUE", "SHIPWT", "FREIGHT_CHARGES")):
                cell[i] += int(row[amount])
    return dict(cells)


def as_dict(frame: pl.DataFrame) -> dict[tuple, list[int]]:
    return {
        row[:6]: list(row[6:])
        for row in frame.drop("period_start").select(*FREIGHT_FLOW.key[:-1], *FREIGHT_FLOW.values).rows()
    }


def test_domestic_and_foreign_goods_and_containers_are_one_cell_each_counted_once():
    parsed = bts.parse(zipped(dot2_0924_csv=DOT2), known_from=KNOWN, chapters=("84", "87"))
    assert as_dict(parsed.frame) == by_hand(DOT2, {"84", "87"})
    assert parsed.frame.height == 56  # 74 rows
    assert parsed.frame["period_start"].unique().to_list() == [date(2024, 9, 1)]
    assert parsed.complete
    good, rejected = check_frame(FREIGHT_FLOW, parsed.frame, today=date(2024, 12, 1))
    assert (good.height, rejected) == (56, ())


def test_all_chapters_are_kept_when_none_is_chosen():
    frame = bts.parse(zipped(dot2_0924_csv=DOT2), known_from=KNOWN).frame
    assert set(frame["hs2"]) == {"27", "84", "87"}
    assert frame["value_usd"].sum() == sum(cell[0] for cell in by_hand(DOT2, {"27", "84", "87"}).values())


def test_imports_from_mexico_name_no_state_and_go_under_xx():
    frame = bts.parse(zipped(dot2_0924_csv=DOT2), known_from=KNOWN).frame
    regions = frame.filter((pl.col("flow") == "imports") & (pl.col("partner_iso3") == "MEX"))[
        "partner_region_code"
    ]
    assert set(regions) == {"XX"}
    assert "XX" not in set(frame.filter(pl.col("partner_iso3") == "CAN")["partner_region_code"])


@pytest.mark.parametrize("name", ["dot2_0924_csv", "Sep2024__dot2_0924_csv", "a__b__DOT2_0924_csv"])
def test_member_names_and_folders_vary_over_the_years(name):
    assert bts.parse(zipped(**{name: DOT2}), known_from=KNOWN).frame.height > 0


def test_a_year_to_date_file_beside_the_month_is_not_read_for_it():
    content = zipped(dot2_0924_csv=DOT2, dot2_ytd_0924_csv=DOT2.replace(",87,", ",88,"))
    assert "88" not in set(bts.parse(content, known_from=KNOWN).frame["hs2"])


def test_a_member_name_that_leads_out_of_the_folder_is_only_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert bts.parse(zipped(**{"..__..__dot2_0924_csv": DOT2}), known_from=KNOWN).frame.height > 0
    assert list(tmp_path.iterdir()) == []


def test_a_zip_bomb_is_cut_off_whatever_size_it_declares(monkeypatch):
    monkeypatch.setattr(bts, "MAX_BYTES", 10_000)
    with pytest.raises(FrameError, match="unpacks to more than 10,000 bytes"):
        bts.parse(zipped(dot2_0924_csv=DOT2 * 10_000), known_from=KNOWN)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a zip"),
        (b"<!DOCTYPE html><title>404</title>", "not a zip"),
        (zipped(dot2_0924_csv=DOT2)[:-30], "not a zip"),
        (zipped(dot1_0924_csv="TRDTYPE\n1\n"), "0 members named dot2_MMYY.csv"),
        (zipped(dot2_0924_csv=DOT2, old__dot2_0824_csv=DOT2), "2 members named dot2_MMYY.csv"),
        (zipped(dot2_0924_csv=without(DOT2, "CANPROV")), r"lacks the columns \['CANPROV'\]"),
        (zipped(dot2_0924_csv=DOT2.splitlines()[0] + "\n"), "no rows"),
        (zipped(dot2_0824_csv=DOT2), "holds the months .* its name says 2024-08"),
        (zipped(dot2_0924_csv=DOT2.replace(",09,2024", ",08,2024", 1)), "holds the months"),
        (zipped(dot2_0924_csv=DOT2.replace(",1220,21206,", ",1220,,", 1)), "VALUE is empty"),
        (zipped(dot2_0924_csv=DOT2.replace(",1220,21206,", ",1220,21206.5,", 1)), "not a whole number"),
        (
            zipped(dot2_0924_csv=DOT2.replace(",1220,21206,", ",5700,21206,", 1)),
            "COUNTRY has the unknown codes",
        ),
        (zipped(dot2_0924_csv=DOT2.replace("1,RI,84,3,", "1,RI,84,2,", 1)), "DISAGMOT has the unknown codes"),
        (zipped(dot2_0924_csv=DOT2.replace("1,RI,84,3,", "3,RI,84,3,", 1)), "TRDTYPE has the unknown codes"),
    ],
)
def test_a_damaged_or_changed_zip_is_refused_with_what_is_wrong(content, message):
    with pytest.raises(FrameError, match=message):
        bts.parse(content, known_from=KNOWN)


def test_a_chapter_that_is_not_there_is_an_error_not_an_empty_month():
    with pytest.raises(FrameError, match="no rows of the chapters"):
        bts.parse(zipped(dot2_0924_csv=DOT2), known_from=KNOWN, chapters=("01",))


def test_a_flipped_byte_inside_the_zip_is_found():
    content = bytearray(zipped(dot2_0924_csv=DOT2))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(FrameError, match="cannot be unpacked"):
        bts.parse(bytes(content), known_from=KNOWN)


def test_the_three_tables_of_a_month_have_the_same_totals():
    content = zipped(
        dot1_0924_csv=without(DOT2, "COMMODITY2", extra={"DEPE": "0101"}),
        dot2_0924_csv=DOT2,
        dot3_0924_csv=without(DOT2, "USASTATE", "MEXSTATE", "CANPROV", extra={"DEPE": "0101"}),
    )
    totals = bts.totals(content)
    assert totals["table"].unique().sort().to_list() == ["dot1", "dot2", "dot3"]
    assert (
        totals.group_by("flow", "partner_iso3")
        .agg(pl.col(FREIGHT_FLOW.values[0]).n_unique())["value_usd"]
        .to_list()
        == [1] * 4
    )
    assert totals["value_usd"].sum() == 3 * sum(c[0] for c in by_hand(DOT2, {"27", "84", "87"}).values())


AUGUST = DOT2.replace(",09,2024", ",08,2024")
BOTH = (date(2024, 8, 1), date(2024, 9, 1))


def months(content: bytes, wanted=BOTH):
    return bts.parse_months(content, wanted, known_from=KNOWN, chapters=("84", "87"))


def test_a_zip_of_several_months_gives_the_months_asked_for_each_as_if_alone():
    content = zipped(
        Aug_2024__dot2_0824_csv=AUGUST, Sep_2024__dot2_0924_csv=DOT2, dot2_ytd_0924_csv="TRDTYPE\n"
    )
    both = months(content)
    assert both.refused == {} and both.complete
    for month, text in zip(BOTH, (AUGUST, DOT2), strict=True):
        alone = bts.parse(
            zipped(**{f"dot2_{month:%m%y}_csv": text}), known_from=KNOWN, chapters=("84", "87")
        ).frame
        assert both.frame.filter(period_start=month).equals(alone)
    assert months(content, BOTH[:1]).frame["period_start"].unique().to_list() == [BOTH[0]]


def test_a_zip_of_zips_is_opened_once_and_no_deeper():
    inner = zipped(dot2_0824_csv=AUGUST)
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("2024/August 2024.zip", inner)
        archive.writestr("2024/September 2024.zip", zipped(dot2_0924_csv=DOT2))
        archive.writestr("__MACOSX/2024/._August 2024.zip", b"\x00\x05\x16\x07")
    assert set(months(outer.getvalue()).frame["period_start"]) == set(BOTH)
    deeper = io.BytesIO()
    with zipfile.ZipFile(deeper, "w") as archive:
        archive.writestr("all.zip", outer.getvalue())
    with pytest.raises(FrameError, match="0 different members named dot2_0824"):
        months(deeper.getvalue())


def test_a_month_that_lies_in_the_zip_twice_counts_once_if_it_is_the_same():
    """2008 holds a 'Copy of January 2008'."""
    content = zipped(dot2_0824_csv=AUGUST, Copy__dot2_0824_csv=AUGUST)
    assert months(content, BOTH[:1]).frame.height == 56
    with pytest.raises(FrameError, match="2 different members named dot2_0824"):
        months(zipped(dot2_0824_csv=AUGUST, Copy__dot2_0824_csv=AUGUST.replace(",84,", ",85,")), BOTH[:1])


def test_a_month_that_cannot_be_read_is_named_and_the_others_are_loaded():
    """March 2008 is damaged in the published zip."""
    content = zipped(dot2_0824_csv=AUGUST.replace("1,RI,84,3,", "3,RI,84,3,", 1), dot2_0924_csv=DOT2)
    parsed = months(content)
    assert list(parsed.refused) == ["2024-08"] and "TRDTYPE" in parsed.refused["2024-08"]
    assert parsed.frame["period_start"].unique().to_list() == [BOTH[1]]
    absent = months(zipped(dot2_0924_csv=DOT2))
    assert "0 different members named dot2_0824.csv" in absent.refused["2024-08"]


def test_tables_of_one_month_that_disagree_are_a_damaged_month():
    content = zipped(
        dot1_0924_csv=without(DOT2, "COMMODITY2", extra={"DEPE": "0101"}).replace("21206", "21207", 1),
        dot2_0924_csv=DOT2,
    )
    with pytest.raises(FrameError, match="values of dot2 and dot1 differ"):
        months(content, BOTH[1:])


def test_member_reading_refuses_what_is_not_there():
    content = zipped(dot2_0924_csv=DOT2)
    assert archive_member.member_names(content) == ["dot2_0924.csv"]
    with pytest.raises(FrameError, match=r"no member .dot1_0924\.csv."):
        archive_member.read_member(content, "dot1_0924.csv", max_bytes=10)


@examples(25)
@given(st.lists(st.integers(0, 75), min_size=1, max_size=40))
def test_amounts_are_conserved_whatever_rows_a_month_holds(picks):
    header, *rows = DOT2.splitlines()
    text = "\n".join([header, *(rows[i] for i in picks)]) + "\n"
    frame = bts.parse(zipped(dot2_0924_csv=text), known_from=KNOWN).frame
    assert frame["value_usd"].sum() == sum(int(rows[i].split(",")[7]) for i in picks)
    assert frame.select(pl.struct(FREIGHT_FLOW.key).is_unique().all()).item()


@pytest.mark.slow
@pytest.mark.recorded
@pytest.mark.parametrize("month", ["0115", "0120", "0420", "0823", "0924"])
def test_a_real_month_read_by_hand_gives_the_same_cells_and_its_tables_agree(shared_data, month):
    content = (shared_data / "payloads" / "bts_transborder" / f"transborder_{month}.zip").read_bytes()
    frame = bts.parse(content, known_from=KNOWN, chapters=("84", "85", "87")).frame
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(f"dot2_{month}.csv").decode()
    assert as_dict(frame) == by_hand(text, {"84", "85", "87"})
    totals = bts.totals(content)
    spread = totals.group_by("flow", "partner_iso3").agg(pl.col(*FREIGHT_FLOW.values).n_unique())
    assert spread.select(FREIGHT_FLOW.values).rows() == [(1, 1, 1)] * 4
