"""Banco de México SIE. Fixture: the FIX of two days of November 2020 and a planted N/E."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.parse import banxico
from transforms.parse.outcome import AuthError, BadRequestError, QuotaError, SchemaChangedError
from transforms.parse.reply import missing_from

FIXTURES = FIXTURE_FOLDER / "banxico"


def _body(*points: tuple[str, str], code: str = "SF43718") -> bytes:
    data = [{"fecha": day, "dato": value} for day, value in points]
    return json.dumps({"bmx": {"series": [{"idSerie": code, "titulo": "FIX", "datos": data}]}}).encode()


def test_the_day_comes_before_the_month():
    frame = banxico.parse_reply(_body(("03/04/2026", "18.4"), ("26/11/2020", "20.0467"))).frame
    assert frame["period_start"].to_list() == [date(2020, 11, 26), date(2026, 4, 3)]


def test_a_day_without_value_is_missing_and_not_zero():
    frame = banxico.parse_reply((FIXTURES / "fix_2020-11.json").read_bytes()).frame
    assert frame.select("value", "status").rows() == [
        (20.0467, "normal"),
        (20.0777, "normal"),
        (None, "missing"),
    ]
    assert frame["frequency"].unique().to_list() == ["daily"]


def test_thousands_commas_are_read_and_words_rejected():
    reply = banxico.parse_reply(
        _body(("01/01/2026", "1,018.3907"), ("02/01/2026", "n.d."), ("2026-01-03", "5"))
    )
    assert reply.frame["value"].to_list() == [1018.3907]
    assert len(reply.left.rejected) == 2


def test_a_series_without_values_is_reported_not_dropped():
    reply = banxico.parse_reply(b'{"bmx":{"series":[{"idSerie":"SF43718","titulo":"FIX"}]}}')
    assert reply.messages == ("SF43718: no values in the period asked for",)
    assert missing_from(reply, ["SF43718"], 2026, 2026).codes == ("SF43718",)


def test_a_bad_token_and_a_spent_quota_are_both_400_but_not_the_same():
    with pytest.raises(AuthError, match="Token"):
        banxico.parse_reply((FIXTURES / "refused_token.json").read_bytes(), status=400)
    with pytest.raises(QuotaError) as caught:
        banxico.parse_reply((FIXTURES / "refused_quota.json").read_bytes(), status=400)
    assert caught.value.reset_after == 60.0
    with pytest.raises(BadRequestError, match="no existe"):
        banxico.parse_reply(b'{"error":{"mensaje":"La serie no existe","detalle":"SF0"}}', status=404)
    with pytest.raises(BadRequestError, match="400"):
        banxico.parse_reply(b"[]", status=400)


def test_an_error_object_in_a_200_is_not_an_empty_series():
    with pytest.raises(AuthError):
        banxico.parse_reply((FIXTURES / "refused_token.json").read_bytes(), status=200)


def test_a_monthly_series_with_days_in_it_is_refused():
    assert banxico.parse_reply(_body(("01/04/2026", "5")), frequency="monthly").frame[
        "frequency"
    ].to_list() == ["monthly"]
    with pytest.raises(SchemaChangedError, match="monthly"):
        banxico.parse_reply(_body(("03/04/2026", "5")), frequency="monthly")


@given(
    st.dictionaries(
        st.dates(date(1991, 11, 12), date(2030, 1, 1)),
        st.one_of(st.none(), st.decimals(0, 99999, places=4)),
        min_size=1,
        max_size=8,
    )
)
@examples(50)
def test_what_banxico_writes_is_what_we_read(points):
    body = _body(*[(d.strftime("%d/%m/%Y"), "N/E" if v is None else f"{v:,}") for d, v in points.items()])
    frame = banxico.parse_reply(body).frame
    assert dict(frame.select("period_start", "value").rows()) == {
        d: None if v is None else float(v) for d, v in points.items()
    }


@pytest.mark.recorded
def test_every_recorded_banxico_payload_is_understood(shared_data):
    folder = shared_data / "payloads/banxico"
    expected = {
        "SF43718_date_range.json": [20.0467, 20.0777],
        "SF43718_latest.json": [20.0777],
        "SF60653_latest.json": [20.0777],
        "datos_with_NE_and_thousands_DERIVED.json": [18.4512, None, 1018.3907],
    }
    for name, values in expected.items():
        assert banxico.parse_reply((folder / name).read_bytes()).frame["value"].to_list() == values
    details = banxico.parse_reply((folder / "metadata_SF43718_DOC.json").read_bytes()).details["SF43718"]
    assert (details["unit"], details["frequency"], details["first_day"]) == (
        "Pesos por Dolar",
        "Diaria",
        "12/11/1991",
    )
    with pytest.raises(QuotaError) as caught:
        banxico.parse_reply((folder / "error_400_limite_superado_DOC.json").read_bytes(), status=400)
    assert caught.value.reset_after == 60.0
    with pytest.raises(AuthError):
        banxico.parse_reply((folder / "error_400_token_invalido.json").read_bytes(), status=400)


@pytest.mark.parametrize("body", [b"", b"<html>Bad Request</html>", b"[]"])
def test_a_spent_quota_is_told_by_its_header_whatever_the_body_is(body):
    """Taken for a bad request it would be sent again at once, and again."""
    with pytest.raises(QuotaError) as caught:
        banxico.parse_reply(body, status=400, headers={"Bmx-secondsToReset": "45"})
    assert caught.value.reset_after == 45.0
    with pytest.raises(BadRequestError):
        banxico.parse_reply(body, status=400, headers={"Bmx-secondsToReset": "soon"})
