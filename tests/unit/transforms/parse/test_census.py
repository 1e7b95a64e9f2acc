"""Census trade replies. Fixtures: real figures (chapter 87 in spring 2020, exports of December 2024, NAICS 336)."""

from __future__ import annotations

import json
import random
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.codes import is_country, is_group
from transforms.parse import census
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    HtmlInsteadError,
    SchemaChangedError,
    ServerError,
)
from transforms.schema import TRADE_FLOW

FIXTURES = FIXTURE_FOLDER / "census"
ERROR_PAGE = "There was an error while running your query.  We've logged the error and we'll correct it ASAP.  Sorry for the inconvenience."


def _parse(rows: list[list], flow: str = "imports", **more):
    return census.parse_reply(json.dumps(rows).encode(), flow=flow, **more)


def _read(name: str, flow: str = "imports"):
    return census.parse_reply((FIXTURES / name).read_bytes(), flow=flow, content_type="application/json")


def test_a_column_that_comes_twice_is_read_once_by_its_place():
    reply = _read("imports_hs2_87_duplicate_columns.json")
    april = reply.frame.filter(period_start=date(2020, 4, 1)).sort("partner_code")
    assert april.select("partner_code", "value_usd", "duty_usd").rows() == [
        ("-", 10722306788, 298215468),
        ("1220", 363261107, 309395),
        ("2010", 1820208383, 1302416),
    ]
    assert reply.frame.select("basis", "classification", "product_level", "product_code").unique().rows() == [
        ("consumption", "HS", 2, "87")
    ]


def test_a_column_that_comes_twice_with_different_contents_is_refused():
    header = ["CTY_CODE", "GEN_VAL_MO", "time", "CTY_CODE"]
    with pytest.raises(SchemaChangedError, match="CTY_CODE comes twice"):
        _parse([header, ["1220", "5", "2026-01", "2010"]])


def test_frames_have_the_columns_of_the_store():
    frame = _read("exports_totals_2024-12.json", "exports").frame
    assert frame.schema == pl.Schema({**TRADE_FLOW.columns, "status": pl.String})
    assert frame.select(TRADE_FLOW.key).n_unique() == frame.height == 6


def test_groups_are_kept_and_recognised_so_that_nothing_is_counted_twice():
    frame = _read("exports_totals_2024-12.json", "exports").frame
    values = dict(frame.select("partner_code", "value_usd").rows())
    groups = {code for code in values if is_group(code)}
    assert groups == {"-", "0020", "1XXX"}
    assert values["0020"] == values["1220"] + values["2010"]
    assert values["1XXX"] == sum(v for code, v in values.items() if is_country(code))


def test_a_reply_without_commodities_is_the_total_over_all_goods():
    frame = _read("exports_totals_2024-12.json", "exports").frame
    assert frame.select(
        "flow", "basis", "classification", "product_level", "product_code"
    ).unique().rows() == [("exports", "total_exports", "TOTAL", 0, "00")]
    named = _parse([["I_COMMODITY", "CTY_CODE", "GEN_VAL_MO", "time"], ["-", "1220", "7", "2026-01"]])
    assert named.frame.select("classification", "product_code").rows() == [("TOTAL", "00")]


def test_industries_and_end_uses_keep_their_own_classification():
    naics = _read("imports_naics3_336_2025-11.json").frame
    assert naics.filter(partner_code="2010").select(
        "classification", "product_level", "product_code", "value_usd", "duty_usd"
    ).rows() == [("NAICS", 3, "336", 12195125478, 1140457352)]
    enduse = _parse(
        [
            ["I_ENDUSE", "GEN_VAL_MO", "CTY_CODE", "time"],
            ["300", "9", "2010", "2026-01"],
            ["30000", "4", "2010", "2026-01"],
        ]
    )
    assert enduse.frame.select("classification", "product_level", "product_code").rows() == [
        ("BEA end use", 3, "300"),
        ("BEA end use", 5, "30000"),
    ]


def test_ten_digit_codes_keep_their_zeros_and_level():
    header = [
        "E_COMMODITY",
        "COMM_LVL",
        "CTY_CODE",
        "ALL_VAL_MO",
        "QTY_1_MO",
        "QTY_1_MO_FLAG",
        "UNIT_QY1",
        "YEAR",
        "MONTH",
    ]
    rows = [
        ["0102210010", "HS10", "1220", "82602", "12", None, "NO", "2018", "01"],
        ["8703210100", "HS10", "1220", "50000", "0", "Z", "NO", "2018", "01"],
        ["8704210000", "HS10", "1220", "39430", "0", "", "-", "2018", "1"],
    ]
    frame = _parse([header, *rows], "exports").frame.sort("product_code")
    assert frame["product_code"].to_list() == ["0102210010", "8703210100", "8704210000"]
    assert frame["product_level"].unique().to_list() == [10]
    assert frame["period_start"].unique().to_list() == [date(2018, 1, 1)]


def test_each_month_carries_the_revision_of_the_codes_in_force():
    """A code means another thing before and after a revision: HS 2012, 2017, 2022, NAICS from 2023."""
    times = ["2011-12", "2012-01", "2016-12", "2017-01", "2021-12", "2022-01"]
    header = ["I_COMMODITY", "CTY_CODE", "GEN_VAL_MO", "time"]
    frame = _parse([header, *(["870380", "1220", "5", t] for t in times)]).frame.sort("period_start")
    assert frame["classification_version"].to_list() == ["2007", "2012", "2012", "2017", "2017", "2022"]
    header[0] = "NAICS"
    naics = _parse([header, *(["336110", "1220", "5", t] for t in ("2022-12", "2023-01"))]).frame
    assert naics.sort("period_start")["classification_version"].to_list() == [None, "2022"]


def test_a_quantity_that_is_not_known_is_never_a_zero():
    """A flag, or the unit '-', stands beside a filler 0; only a plain 0 is zero."""
    header = ["I_COMMODITY", "CTY_CODE", "CON_VAL_MO", "CON_QY1_MO", "CON_QY1_MO_FLAG", "UNIT_QY1", "time"]
    rows = [
        ["870321", "1220", "5", "0", "N", "NO", "2026-01"],
        ["870322", "1220", "5", "0", "", "-", "2026-01"],
        ["870323", "1220", "0", "0", "", "NO", "2026-01"],
    ]
    frame = _parse([header, *rows]).frame.sort("product_code")
    assert frame.select("quantity", "quantity_unit").rows() == [(None, None), (None, None), (0.0, "NO")]


def test_without_flags_a_quantity_of_zero_beside_a_value_is_not_known():
    header = ["I_COMMODITY", "CTY_CODE", "CON_VAL_MO", "CON_QY1_MO", "UNIT_QY1", "time"]
    rows = [
        ["870321", "1220", "5", "0", "NO", "2026-01"],
        ["870322", "1220", "0", "0", "NO", "2026-01"],
        ["870323", "1220", "5", "2", "NO", "2026-01"],
    ]
    frame = _parse([header, *rows]).frame.sort("product_code")
    assert frame["quantity"].to_list() == [None, 0.0, 2.0]


def test_general_imports_and_imports_for_consumption_are_two_rows_never_one():
    header = ["CTY_CODE", "GEN_VAL_MO", "CON_VAL_MO", "CAL_DUT_MO", "time"]
    frame = _parse([header, ["2010", "100", "90", "3", "2026-01"]]).frame.sort("basis")
    assert frame.select("basis", "value_usd", "duty_usd").rows() == [
        ("consumption", 90, 3),
        ("general", 100, None),
    ]


def test_zeros_are_kept_as_zeros():
    header = ["CTY_CODE", "GEN_VAL_MO", "time"]
    frame = _parse([header, ["1010", "0", "2026-01"], ["1220", "5", "2026-01"]]).frame
    assert frame["value_usd"].to_list() == [0, 5]


def test_new_columns_are_accepted_and_named():
    header = ["CTY_CODE", "GEN_VAL_MO", "time", "TARIFF_PROGRAM", "LAST_UPDATE"]
    reply = _parse([header, ["1220", "5", "2026-01", "S", "2026-03-05"]])
    assert reply.frame["value_usd"].to_list() == [5]
    assert reply.messages == ("columns not known, left out: TARIFF_PROGRAM", "LAST_UPDATE: 2026-03-05")


def test_columns_that_should_be_there_are_missed_by_name():
    rows = [["CTY_CODE", "GEN_VAL_MO", "time"], ["1220", "5", "2026-01"]]
    with pytest.raises(SchemaChangedError) as caught:
        _parse(rows, expected=["CTY_CODE", "GEN_VAL_MO", "CAL_DUT_MO"])
    assert caught.value.missing == ("CAL_DUT_MO",)
    for absent in (0, 1, 2):
        with pytest.raises(SchemaChangedError) as caught:
            _parse([[cell for i, cell in enumerate(row) if i != absent] for row in rows])
        assert rows[0][absent] in caught.value.missing


def test_partner_names_serve_only_where_each_is_known():
    rows = [
        ["CTY_NAME", "CON_VAL_MO", "NAICS", "time", "COMM_LVL"],
        ["TOTAL FOR ALL COUNTRIES", "5", "336111", "2022-12", "NA6"],
    ]
    assert _parse(rows).frame["partner_code"].to_list() == ["-"]
    with pytest.raises(SchemaChangedError, match="ATLANTIS"):
        _parse([*rows, ["ATLANTIS", "5", "336112", "2022-12", "NA6"]])


def test_rows_that_cannot_be_read_are_kept_as_rejected():
    header = ["CTY_CODE", "I_COMMODITY", "COMM_LVL", "GEN_VAL_MO", "time"]
    rows = [
        ["1220", "87", "HS2", "5", "2026-01"],
        ["1220", "84", "HS2", "(D)", "2026-01"],
        ["1220", "85", "HS2", None, "2026-01"],
        ["12", "85", "HS2", "5", "2026-01"],
        ["1220", "8703", "HS2", "5", "2026-01"],
        ["1220", "87", "HS2", "5", "2026-13"],
    ]
    reply = _parse([header, *rows])
    assert reply.frame["product_code"].to_list() == ["87"]
    assert [row[0] for row in reply.left.rejected] == [2, 3, 4, 5, 6]
    assert "(D)" in reply.left.rejected[0][2]


def test_a_district_dimension_never_becomes_two_values_of_one_cell():
    header = ["CTY_CODE", "DISTRICT", "GEN_VAL_MO", "time"]
    rows = [["1220", "38", "5", "2026-01"], ["1220", "09", "7", "2026-01"]]
    with pytest.raises(SchemaChangedError, match="two values for one cell"):
        _parse([header, *rows])
    once = _parse([header, rows[0], rows[0]])
    assert (once.frame.height, once.left.dropped) == (1, {"repeated rows": 1})


def test_rows_of_another_length_than_the_header_are_refused():
    with pytest.raises(SchemaChangedError, match="cells"):
        _parse([["CTY_CODE", "GEN_VAL_MO", "time"], ["1220", "5"]])


def test_no_rows_are_empty_not_an_error_of_the_format():
    with pytest.raises(EmptyReplyError, match="204"):
        census.parse_reply(b"", flow="imports", status=204)
    with pytest.raises(EmptyReplyError):
        _parse([["CTY_CODE", "GEN_VAL_MO", "time"]])
    with pytest.raises(EmptyReplyError):
        census.parse_reply(b"[]", flow="imports")


@pytest.mark.parametrize("page", ["missing_key.html", "invalid_key.html"])
def test_the_redirect_to_the_key_page_is_a_key_error(page):
    with pytest.raises(AuthError, match=page):
        census.parse_reply(
            b"", flow="imports", status=302, location=f"https://api.census.gov/data/{page}?key=SECRET"
        )
    with pytest.raises(BadRequestError) as caught:
        census.parse_reply(
            b"", flow="imports", status=302, location="https://www.census.gov/data.html?key=SECRET"
        )
    assert "SECRET" not in str(caught.value)


def test_the_key_page_reached_by_a_followed_redirect_is_a_key_error_too():
    page = (FIXTURES / "missing_key.html").read_bytes()
    with pytest.raises(AuthError, match="Missing Key"):
        census.parse_reply(page, flow="imports", status=200, content_type="text/html")


def test_the_error_page_in_a_200_may_be_asked_again():
    for body in (ERROR_PAGE, f"<html><body><p>{ERROR_PAGE}</p></body></html>"):
        with pytest.raises(HtmlInsteadError, match="error page") as caught:
            census.parse_reply(body.encode(), flow="exports", status=200, content_type="text/html")
        assert caught.value.transient


@pytest.mark.parametrize(
    "text",
    [
        "error: unknown variable 'FOO'",
        "error: missing 'for' argument",
        "error: 'get' is limited to 50 variables",
    ],
)
def test_a_bad_variable_is_not_retried(text):
    for status in (400, 200):
        with pytest.raises(BadRequestError, match="error") as caught:
            census.parse_reply(text.encode(), flow="imports", status=status, content_type="text/plain")
        assert not caught.value.transient
        assert text.partition("error: ")[2] in str(caught.value)


def test_a_query_that_is_too_large_says_to_ask_for_less():
    with pytest.raises(ServerError, match="fewer rows"):
        census.parse_reply(b"timeout", flow="imports", status=500)


_ROWS = st.dictionaries(
    st.tuples(
        st.sampled_from(["-", "1220", "2010", "0020", "1XXX"]),
        st.from_regex(r"8[47][0-9]{4}", fullmatch=True),
        st.tuples(st.integers(2013, 2026), st.integers(1, 12)),
    ),
    st.tuples(st.integers(0, 10**12), st.integers(0, 10**9)),
    min_size=1,
    max_size=12,
)


@given(cells=_ROWS, seed=st.integers(0, 99), spaced=st.booleans(), by_time=st.booleans())
@examples(50)
def test_any_order_of_rows_and_columns_gives_the_same_figures(cells, seed, spaced, by_time):
    """Round trip through a writer of the documented format: shuffled columns, a duplicate, quotes in labels."""
    label = 'VEHICLES "OTHER", \\ é\n],\n[NESOI'
    names = [
        "CTY_CODE",
        "I_COMMODITY",
        "CON_VAL_MO",
        "CAL_DUT_MO",
        "I_COMMODITY_LDESC",
        "COMM_LVL",
        "CTY_CODE",
    ]
    names += ["time"] if by_time else ["YEAR", "MONTH"]
    table = [
        [partner, code, str(value), str(duty), label, "HS6", partner]
        + ([f"{y}-{m:02}"] if by_time else [str(y), f"{m:02}"])
        for (partner, code, (y, m)), (value, duty) in cells.items()
    ]
    shuffled = random.Random(seed)
    shuffled.shuffle(table)
    order = list(range(len(names)))
    shuffled.shuffle(order)
    rows = [[row[i] for i in order] for row in [names, *table]]
    separators = (", ", ": ") if spaced else (",", ":")
    body = "[" + ",\n".join(json.dumps(row, separators=separators) for row in rows) + "]"
    frame = census.parse_reply(body.encode(), flow="imports").frame
    got = {
        (row["partner_code"], row["product_code"], (row["period_start"].year, row["period_start"].month)): (
            row["value_usd"],
            row["duty_usd"],
        )
        for row in frame.rows(named=True)
    }
    assert got == cells
    assert frame.height == len(cells)


@pytest.mark.recorded
def test_recorded_imports_add_up_over_countries_and_not_over_groups(shared_data):
    body = (shared_data / "payloads/census/imports_hs_totals_by_country_2018-01.json").read_bytes()
    values = dict(census.parse_reply(body, flow="imports").frame.select("partner_code", "value_usd").rows())
    assert len(values) == 250
    assert sum(v for code, v in values.items() if is_country(code)) == values["-"] == 203_028_883_846
    assert values["0020"] == values["1220"] + values["2010"] == 51_972_571_108


@pytest.mark.recorded
def test_every_recorded_layout_is_read_without_a_rest(shared_data):
    folder = shared_data / "payloads/census"
    expected = {
        "imports_hs2_2023-01_TRIMMED.json": (708, "HS", 2),
        "layouts/census_exports_hs_hs10_ireland_reconstructed.json": (35, "HS", 10),
        "layouts/census_imports_hs_hs2_allctry_2024-12_reconstructed.json": (189, "HS", 2),
        "layouts/census_imports_hs_hs2_mexico_reconstructed.json": (309, "HS", 2),
        "layouts/census_imports_naics6_total_reconstructed.json": (106, "NAICS", 6),
    }
    for name, (rows, classification, level) in expected.items():
        flow = "exports" if "exports" in name else "imports"
        reply = census.parse_reply((folder / name).read_bytes(), flow=flow)
        assert (reply.frame.height, reply.left.dropped_rows, reply.left.rejected) == (rows, 0, ()), name
        assert reply.frame.select("classification", "product_level").unique().rows() == [
            (classification, level)
        ]


@pytest.mark.recorded
def test_recorded_layouts_agree_with_the_published_figures(shared_data):
    """Chapters 84, 85 and 87 from Mexico 2013-01 to 2021-07, to the dollar."""
    body = (
        shared_data / "payloads/census/layouts/census_imports_hs_hs2_mexico_reconstructed.json"
    ).read_bytes()
    ours = census.parse_reply(body, flow="imports").frame
    figures = pl.read_parquet(shared_data / "figures/us_imports_hs2_by_partner.parquet").filter(
        partner_code="2010", observed_by="2021-08"
    )
    both = ours.join(
        figures.with_columns((pl.col("period") + "-01").str.to_date().alias("period_start")),
        left_on=["product_code", "period_start"],
        right_on=["hs2", "period_start"],
        suffix="_published",
    )
    assert both.height == ours.height == 309
    assert both["value_usd"].equals(both["con_val_usd"])
    assert both["duty_usd"].equals(both["duty_usd_published"])


@pytest.mark.recorded
def test_recorded_refusals_are_classified_from_status_and_body(shared_data):
    folder = shared_data / "payloads/census"
    expected = {
        "empty_204": EmptyReplyError,
        "error_200_html_logged_error": HtmlInsteadError,
        "error_302_missing_key": AuthError,
        "error_400_geography": BadRequestError,
        "error_400_missing_for": BadRequestError,
        "error_400_too_many_variables": BadRequestError,
        "error_400_unknown_predicate": BadRequestError,
        "error_400_unknown_variable": BadRequestError,
    }
    for name, outcome in expected.items():
        response = json.loads((folder / f"{name}.meta.json").read_text())["response"]
        headers = response["headers"] or {}
        with pytest.raises(outcome):
            census.parse_reply(
                (folder / f"{name}.txt").read_bytes(),
                flow="imports",
                status=response["status"],
                content_type=headers.get("Content-Type"),
                location=headers.get("Location"),
            )
