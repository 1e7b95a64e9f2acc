"""UN Comtrade replies. Fixture: China's totals of 2010 with Argentina and Germany, real figures."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest

from tests import FIXTURE_FOLDER
from transforms.parse import comtrade
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    QuotaError,
    SchemaChangedError,
    TruncatedError,
)
from transforms.schema import TRADE_FLOW

BODY = (FIXTURE_FOLDER / "comtrade" / "chn_2010_totals.json").read_bytes()


def _body(*changes: dict, **envelope) -> bytes:
    """Monthly rows: Mexico's exports of HS 87 to the United States, each with changes."""
    row = json.loads(BODY)["data"][2] | {
        "freqCode": "M", "period": "202312", "refYear": 2023, "refMonth": 12, "reporterISO": "MEX", "partnerCode": 842,
        "cmdCode": "87", "classificationCode": "H6", "primaryValue": 1234567.5,
    }  # fmt: skip
    data = [row | change for change in changes]
    return json.dumps({"count": len(data), "data": data, "error": ""} | envelope).encode()


def test_totals_have_the_columns_and_codes_of_the_store():
    frame = comtrade.parse_reply(BODY, frequency="A").frame
    assert frame.schema == pl.Schema({**TRADE_FLOW.columns, "status": pl.String})
    assert frame.select("partner_code", "flow", "basis", "product_code", "value_usd").rows() == [
        ("032", "imports", "customs", "00", 6804128143),
        ("276", "imports", "customs", "00", 74251272075),
        ("032", "exports", "total_exports", "00", 6115764185),
        ("276", "exports", "total_exports", "00", 68047133397),
    ]


def test_an_annual_total_never_passes_for_january():
    with pytest.raises(SchemaChangedError, match="frequency A"):
        comtrade.parse_reply(BODY)
    row = comtrade.parse_reply(_body({})).frame.row(0, named=True)
    assert (row["period_start"], row["product_level"], row["classification_version"]) == (
        date(2023, 12, 1),
        2,
        "2022",
    )
    assert row["value_usd"] == 1234568


def test_the_world_and_partner_codes_never_collide_with_schedule_c():
    frame = comtrade.parse_reply(_body({"partnerCode": 0}, {"partnerCode": 124}, {"partnerCode": 36})).frame
    assert frame["partner_code"].to_list() == ["-", "124", "036"]


def test_splits_by_mode_or_procedure_are_left_out_and_counted():
    reply = comtrade.parse_reply(
        _body({}, {"motCode": 1000}, {"customsCode": "C04"}, {"partner2Code": 124}, {"flowCode": "RX"})
    )
    assert reply.frame.height == 1
    assert reply.left.dropped == {
        "flows other than imports and exports (M, X)": 1,
        "rows split by mode, customs procedure or second partner": 3,
    }


def test_repeated_rows_are_counted_and_contradictions_refused():
    assert comtrade.parse_reply(_body({}, {})).left.dropped == {"repeated rows": 1}
    with pytest.raises(SchemaChangedError, match="two values"):
        comtrade.parse_reply(_body({}, {"primaryValue": 1.0}))


def test_rows_that_cannot_be_read_are_kept_as_rejected():
    reply = comtrade.parse_reply(
        _body(
            {},
            {"primaryValue": None},
            {"cmdCode": "AG2"},
            {"period": "2023xx"},
            {"reporterISO": None},
            {"classificationCode": "S4"},
        )
    )
    assert (reply.frame.height, [row[0] for row in reply.left.rejected]) == (1, [2, 3, 4, 5, 6])


def test_a_quantity_without_unit_is_unknown():
    frame = comtrade.parse_reply(
        _body(
            {"cmdCode": "8703", "qty": 7.0, "qtyUnitAbbr": "u"},
            {"cmdCode": "8704", "qty": 0.0, "qtyUnitAbbr": "N/A"},
        )
    ).frame
    assert frame.select("quantity", "quantity_unit").rows() == [(7.0, "u"), (None, None)]


def test_count_zero_is_empty_because_bad_parameters_look_the_same():
    with pytest.raises(EmptyReplyError, match="parameters"):
        comtrade.parse_reply(b'{"elapsedTime":"0.58 secs","count":0,"data":[],"error":""}')


@pytest.mark.parametrize("limit", [3, 2])
def test_a_full_reply_is_taken_for_a_cut_one(limit):
    body = _body({}, {"partnerCode": 1}, {"partnerCode": 2})
    with pytest.raises(TruncatedError, match="limit"):
        comtrade.parse_reply(body, max_records=limit)
    assert comtrade.parse_reply(body, max_records=4).frame.height == 3
    assert (comtrade.MAX_RECORDS, comtrade.PREVIEW_RECORDS) == (100_000, 500)


def test_fewer_rows_than_counted_are_a_cut_reply():
    with pytest.raises(TruncatedError, match="1 of 7"):
        comtrade.parse_reply(_body({}, count=7))


def test_quota_and_policy_refusals_are_told_apart():
    quota = b'{ "statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 05:12:33." }'
    with pytest.raises(QuotaError) as caught:
        comtrade.parse_reply(quota, status=403)
    assert caught.value.reset_after == 5 * 3600 + 12 * 60 + 33
    with pytest.raises(QuotaError) as caught:
        comtrade.parse_reply(
            b'{"statusCode":429,"message":"Rate limit is exceeded. Try again in 2 seconds."}', status=429
        )
    assert caught.value.reset_after == 2
    with pytest.raises(AuthError):
        comtrade.parse_reply(b'{"statusCode":403,"message":"All calls are rejected by policy."}', status=403)


def test_errors_and_long_addresses_are_bad_requests():
    with pytest.raises(BadRequestError, match="invalid period"):
        comtrade.parse_reply(_body({}, error="invalid period"))
    page = b"<html><head><title>Request URL Too Long</title></head></html>"
    for status in (200, 414):
        with pytest.raises(BadRequestError, match="fewer codes"):
            comtrade.parse_reply(page, status=status, content_type="text/html")


def test_rows_with_other_fields_are_a_schema_change():
    with pytest.raises(SchemaChangedError, match="primaryValue"):
        comtrade.parse_reply(b'{"count":1,"data":[{"freqCode":"M"}],"error":""}')


@pytest.mark.recorded
def test_every_recorded_comtrade_payload_is_understood(shared_data):
    folder = shared_data / "payloads/comtrade"
    frame = comtrade.parse_reply((folder / "goods_annual_CHN_pretty.json").read_bytes(), frequency="A").frame
    assert frame.equals(comtrade.parse_reply(BODY, frequency="A").frame)
    for name in ("bulk_empty.json", "services_empty_200.json"):
        with pytest.raises(EmptyReplyError):
            comtrade.parse_reply((folder / name).read_bytes())
    for name, status, outcome in (
        ("error_403_quota.json", 403, QuotaError),
        ("error_429_rate_limit.json", 429, QuotaError),
        ("error_preview_rejected_by_policy.json", 403, AuthError),
        ("bulk_listing.json", 200, SchemaChangedError),
    ):
        with pytest.raises(outcome):
            comtrade.parse_reply((folder / name).read_bytes(), status=status)


@pytest.mark.parametrize(
    ("quantity", "value", "expected"),
    [(0, 5_000.0, None), (None, 5_000.0, None), (3.0, 5_000.0, 3.0), (0, 0.0, 0.0)],
)
def test_a_quantity_of_zero_beside_a_value_is_not_known(quantity, value, expected):
    """Reporters fill in 0; taken as a number it makes the price per vehicle infinite."""
    reply = comtrade.parse_reply(_body({"qtyUnitAbbr": "u", "qty": quantity, "primaryValue": value}))
    assert reply.frame["quantity"].to_list() == [expected]
    assert reply.frame["quantity_unit"].to_list() == ["u" if expected is not None else None]
