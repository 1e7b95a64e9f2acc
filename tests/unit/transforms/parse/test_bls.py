"""BLS replies and flat files. Fixtures: real figures (CES of August 2026, CPI around October 2025) in BLS's format."""

from __future__ import annotations

import json
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.parse import bls
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    QuotaError,
    SchemaChangedError,
    ServerError,
    TruncatedError,
    UnreadableError,
)
from transforms.parse.reply import missing_from

FIXTURES = FIXTURE_FOLDER / "bls"


def _read(name: str):
    return bls.parse_reply((FIXTURES / name).read_bytes(), status=200, content_type="application/json")


def _reply(series: list[dict], messages: list[str] = (), status: str = "REQUEST_SUCCEEDED") -> bytes:
    return json.dumps(
        {"status": status, "responseTime": 1, "message": list(messages), "Results": {"series": series}}
    ).encode()


def _point(year: int, period: str, value: str, *codes: str) -> dict:
    return {
        "year": str(year),
        "period": period,
        "periodName": "",
        "value": value,
        "footnotes": [{"code": c, "text": "text"} for c in codes] or [{}],
    }


def _refused(status: str, message: str) -> bytes:
    return json.dumps({"status": status, "responseTime": 0, "message": [message], "Results": {}}).encode()


def test_series_in_another_order_are_not_mixed_up():
    """The reply lists motor vehicles before manufacturing, newest month first."""
    frame = _read("ces_2026.json").frame
    july = frame.filter(period_start=date(2026, 7, 1)).select("source_code", "value").rows()
    assert july == [("CES3000000001", 12611.0), ("CES3133600101", 964.5)]
    assert frame["period_start"].to_list()[:2] == [date(2026, 1, 1), date(2026, 2, 1)]


def test_preliminary_months_are_marked():
    frame = _read("ces_2026.json").frame.filter(source_code="CES3133600101")
    assert frame["status"].to_list() == ["normal"] * 5 + ["preliminary"] * 2
    assert frame["note"].to_list()[-1] == "P: preliminary"


def test_the_month_that_will_never_exist_is_a_stated_gap_not_a_hole():
    """October 2025: '-' with footnote X. It must be there as missing, so that it is neither filled nor asked again."""
    reply = _read("cpi_2025_gap.json")
    october = reply.frame.filter(period_start=date(2025, 10, 1)).row(0, named=True)
    assert (october["value"], october["status"]) == (None, "missing")
    assert "lapse in appropriations" in october["note"]
    assert missing_from(reply, ["CUSR0000SA0"], 2025, 2026).complete


def test_a_spent_allowance_inside_a_200_is_a_quota_and_the_key_in_it_stays_secret():
    key = "7c9e6679f7425c3b1d5e0f1a2b3c4d5e"
    text = f"Request could not be serviced, as the daily threshold for total number of requests allocated to the user with registration key {key} has been reached."
    with pytest.raises(QuotaError) as caught:
        bls.parse_reply(_refused("REQUEST_NOT_PROCESSED", text))
    assert caught.value.reset_after is None
    assert key not in str(caught.value)
    assert "daily threshold" in str(caught.value)


def test_a_wrong_key_is_not_retried_as_a_quota():
    key = "7c9e6679f7425c3b1d5e0f1a2b3c4d5e"
    with pytest.raises(AuthError) as caught:
        bls.parse_reply(_refused("REQUEST_NOT_PROCESSED", f"The key:{key} provided by the User is invalid."))
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "message", "outcome"),
    [
        ("REQUEST_FAILED_INVALID_PARAMETERS", "End year is invalid.", BadRequestError),
        (
            "REQUEST_FAILED_INVALID_PARAMETERS",
            "startyear: Value must be a four-digit number.",
            BadRequestError,
        ),
        ("REQUEST_FAILED_OVER_CAPACITY", "over capacity", ServerError),
        ("REQUEST_FAILED", "failed", ServerError),
        ("REQUEST_PONDERED", "what is this", SchemaChangedError),
    ],
)
def test_each_refusal_inside_a_200_is_told_apart(status, message, outcome):
    with pytest.raises(outcome, match=message.split(":")[0]):
        bls.parse_reply(_refused(status, message))


def test_a_shortened_year_range_never_passes_for_the_whole_history():
    series = [{"seriesID": "CES3000000001", "data": [_point(2011, "M12", "11770")]}]
    message = "Year range has been reduced to the system-allowed limit of 10 years."
    with pytest.raises(TruncatedError, match="fewer years"):
        bls.parse_reply(_reply(series, [message]))


def test_an_unknown_series_inside_a_success_is_reported_and_the_others_kept():
    series = [
        {"seriesID": "FOO", "data": []},
        {"seriesID": "CES3133600101", "data": [_point(2026, "M07", "964.5")]},
    ]
    reply = bls.parse_reply(
        _reply(series, ["Invalid Series for Series FOO", "Unable to get Catalog Data for series FOO"])
    )
    assert reply.refused == {"FOO": "Invalid Series for Series FOO"}
    assert reply.frame["value"].to_list() == [964.5]
    assert missing_from(reply, ["FOO", "CES3133600101"], 2026, 2026).codes == ("FOO",)


def test_a_year_without_data_stays_visible_in_a_success():
    reply = bls.parse_reply(
        _reply(
            [{"seriesID": "A", "data": [_point(2015, "M12", "1")]}],
            ["No Data Available for Series A Year: 2016"],
        )
    )
    assert "No Data Available for Series A Year: 2016" in reply.messages
    assert missing_from(reply, ["A"], 2015, 2016).periods.filter(place="after").height == 12


def test_annual_averages_never_become_a_thirteenth_month():
    points = [
        _point(2022, "M13", "0.489"),
        _point(2022, "M12", "0.522"),
        _point(2022, "S02", "0.5"),
        _point(2022, "Q05", "0.5"),
    ]
    reply = bls.parse_reply(_reply([{"seriesID": "APU0000701111", "data": points}]))
    assert reply.frame["period_start"].to_list() == [date(2022, 12, 1)]
    assert reply.left.dropped_rows == 3
    assert any(m.startswith("left out 3") for m in reply.messages)


def test_quarters_and_years_start_on_their_first_day():
    points = [_point(2022, "Q03", "1"), _point(2022, "A01", "2")]
    frames = [bls.parse_reply(_reply([{"seriesID": "A", "data": [p]}])).frame for p in points]
    assert [f.row(0)[1:3] for f in frames] == [(date(2022, 7, 1), "quarterly"), (date(2022, 1, 1), "annual")]


def test_thousands_separators_and_corrections_are_read():
    points = [
        _point(2013, "M11", "20,994", "R"),
        _point(2013, "M10", "20994", "C"),
        _point(2013, "M09", "1", "P", "R"),
    ]
    frame = bls.parse_reply(_reply([{"seriesID": "A", "data": points}])).frame
    assert frame["value"].to_list() == [1.0, 20994.0, 20994.0]
    assert frame["status"].to_list() == ["preliminary", "revised", "revised"]


def test_a_value_that_is_no_number_is_kept_as_rejected():
    points = [
        _point(2026, "M01", "n.a."),
        _point(2026, "M02", ""),
        _point(2026, "X01", "1"),
        _point(2026, "M03", "7"),
    ]
    reply = bls.parse_reply(_reply([{"seriesID": "A", "data": points}]))
    assert reply.frame["value"].to_list() == [7.0]
    assert len(reply.left.rejected) == 3
    assert "n.a." in reply.left.rejected[0][2]


def test_line_breaks_inside_the_json_do_no_harm():
    body = (FIXTURES / "ces_2026.json").read_bytes()
    assert b'{\n"series":\n[' in body
    reply = bls.parse_reply(body.replace(b'"text":"preliminary"', b'"text":"prelim\ninary"'))
    assert reply.frame.height == 14


def test_a_reply_without_its_fields_is_a_schema_change():
    for body in (b'{"status":"REQUEST_SUCCEEDED","Results":{}}', b'{"Results":{"series":[]}}'):
        with pytest.raises(SchemaChangedError):
            bls.parse_reply(body)


def test_the_flat_file_and_the_api_agree_to_the_last_value():
    flat = bls.parse_data_file((FIXTURES / "ce.data.sample").read_bytes(), codes=["CES3133600101"])
    api = _read("ces_2026.json").frame.filter(source_code="CES3133600101")
    columns = ["source_code", "period_start", "frequency", "value", "status"]
    assert flat.frame.select(columns).equals(api.select(columns))
    gap = bls.parse_data_file((FIXTURES / "ce.data.sample").read_bytes()).frame.filter(status="missing")
    assert gap.select("source_code", "period_start", "note").rows() == [
        ("CUSR0000SA0", date(2025, 10, 1), "X")
    ]


HEADER = b"series_id        \tyear\tperiod\t       value\tfootnote_codes\r\n"


def test_a_flat_file_that_was_cut_is_not_loaded_short():
    whole = (FIXTURES / "ce.data.sample").read_bytes()
    with pytest.raises(UnreadableError, match="cut off"):
        bls.parse_data_file(whole[:-15])


def test_a_flat_file_with_other_columns_is_refused():
    with pytest.raises(SchemaChangedError, match="value"):
        bls.parse_data_file(HEADER.replace(b"value", b"level") + b"A\t2026\tM01\t1\t\r\n")
    with pytest.raises(SchemaChangedError):
        bls.parse_data_file(HEADER + b"A\t2026\tM01\t1\t\textra\r\n")


def test_flat_file_rows_that_cannot_be_read_are_counted():
    rows = b"A\t2026\tM01\t 1,234.5\t\r\nA\t2026\tM02\t n.a.\t\r\nA\t2026\tM13\t 9\t\r\nA\t20x6\tM03\t 1\t\r\nA\t2026\tM04\t\t\r\n"
    reply = bls.parse_data_file(HEADER + rows)
    assert reply.frame["value"].to_list() == [1234.5]
    assert [r[0] for r in reply.left.rejected] == [2, 4, 5]
    assert reply.left.dropped_rows == 1


def test_a_flat_file_without_the_wanted_series_is_empty_not_fine():
    with pytest.raises(EmptyReplyError):
        bls.parse_data_file((FIXTURES / "ce.data.sample").read_bytes(), codes=["CES9999999999"])


def test_the_flat_file_server_asks_for_a_contact_address():
    with pytest.raises(AuthError, match="e-mail"):
        bls.parse_data_file(b"<html>Access Denied</html>", status=403, content_type="text/html")


def test_a_mapping_file_may_end_its_lines_with_a_tab_too_many():
    mapping = bls.parse_series_file(b"footnote_code\tfootnote_text\r\nR\tRevised\t\r\n")
    assert mapping.rows() == [("R", "Revised")]
    with pytest.raises(SchemaChangedError, match="line 2"):
        bls.parse_series_file(b"footnote_code\tfootnote_text\r\nR\tRevised\tnew\r\n")


_VALUES = st.one_of(st.none(), st.decimals(-99999, 99999, places=1, allow_nan=False))
_SERIES = st.dictionaries(
    st.from_regex(r"CE[SU][0-9]{10}", fullmatch=True),
    st.dictionaries(st.tuples(st.integers(1939, 2026), st.integers(1, 12)), _VALUES, min_size=1, max_size=5),
    min_size=1,
    max_size=4,
)


@given(series=_SERIES, seed=st.integers(0, 100))
@examples(40)
def test_what_bls_writes_in_either_format_is_what_we_read(series, seed):
    """Writers of both documented formats, rows in any order, against the figures they were made of."""
    expected = {
        (code, date(year, month, 1)): None if value is None else float(value)
        for code, points in series.items()
        for (year, month), value in points.items()
    }
    items = [
        {
            "seriesID": code,
            "data": [_point(y, f"M{m:02}", "-" if v is None else f"{v:,}") for (y, m), v in points.items()],
        }
        for code, points in series.items()
    ]
    shuffle = random.Random(seed).shuffle
    shuffle(items)
    for item in items:
        shuffle(item["data"])
    api = bls.parse_reply(_reply(items)).frame
    lines = [
        f"{code:<17}\t{start.year}\tM{start.month:02}\t{'-' if value is None else value:>12}\t          \r\n"
        for (code, start), value in expected.items()
    ]
    shuffle(lines)
    flat = bls.parse_data_file(HEADER + "".join(lines).encode()).frame
    for frame in (api, flat):
        got = {(row[0], row[1]): row[3] for row in frame.rows()}
        assert got == expected
        assert frame.select("source_code", "period_start").rows() == sorted(expected)


@pytest.mark.recorded
def test_every_recorded_bls_payload_is_understood(shared_data):
    folder = shared_data / "payloads" / "bls"
    expected = {
        "ap_sae-north_dakota-mining-2014-2015.json": (24, 0),
        "ap_sae-north_dakota-mining-2015-catalog.json": (12, 0),
        "blsgo_bad-series.json": (0, 0),
        "blsgo_cat-calc_TRIMMED_first3.json": (4, 2),
        "v2_get_success_latest_preliminary_TRANSCRIBED.json": (6, 0),
        "v2_success_catalog_calculations_annualaverage.json": (12, 0),
    }
    for name, (rows, dropped) in expected.items():
        reply = bls.parse_reply((folder / name).read_bytes())
        assert (reply.frame.height, reply.left.dropped_rows, reply.left.rejected) == (rows, dropped, ()), name
    for name in ("ap_bad_end_year.json", "blsgo_error-status.json"):
        with pytest.raises(BadRequestError):
            bls.parse_reply((folder / name).read_bytes())
    with pytest.raises(QuotaError):
        bls.parse_reply((folder / "v1_get_throttled_REQUEST_NOT_PROCESSED.json").read_bytes())


@pytest.mark.recorded
def test_recorded_flat_files_are_read_whole(shared_data):
    folder = shared_data / "payloads" / "bls" / "flatfiles"
    cpi = bls.parse_data_file((folder / "cu.data.0.Current.first60lines").read_bytes()).frame
    assert cpi.height == 59
    assert cpi.filter(period_start=date(1997, 1, 1))["value"].to_list() == [159.4]
    series = bls.parse_series_file((folder / "ce.series.mfg_auto_subset.txt").read_bytes())
    assert series.filter(series_id="CES3133600101").select("seasonal", "begin_year").rows() == [("S", "1990")]
    for name in ("ce.datatype.txt", "cu.base", "cu.footnote", "cu.period", "cu.periodicity", "cu.series"):
        assert bls.parse_series_file((folder / name).read_bytes()).height > 0
    with pytest.raises(UnreadableError, match="HTML"):
        bls.parse_data_file((folder / "cu.html").read_bytes())


@pytest.mark.parametrize(
    "message",
    [
        "Invalid Series for Series FOO0001",
        "Series does not exist for Series FOO0001",
        "Series does not exist for Series id: FOO0001",
        "Series does not exist for Series id FOO0001.",
    ],
)
def test_of_a_query_that_is_answered_in_part_the_good_series_are_kept_and_the_bad_one_is_named(message):
    """The name must be that of the series and not the word "id:"."""
    good = {"seriesID": "CES3000000001", "data": [_point(2026, "M01", "12,750")]}
    bad = {"seriesID": "FOO0001", "data": []}
    content = json.dumps(
        {"status": "REQUEST_PARTIALLY_PROCESSED", "message": [message], "Results": {"series": [good, bad]}}
    )
    reply = bls.parse_reply(content.encode())
    assert reply.frame.select("source_code", "value").rows() == [("CES3000000001", 12750.0)]
    assert reply.refused == {"FOO0001": message}
