"""INEGI indicators API. Fixture: Mexican vehicle production (BIE 15166) of spring 2022 as known in August 2022."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from transforms.parse import inegi
from transforms.parse.outcome import BadRequestError, SchemaChangedError, UnclearRefusalError
from transforms.parse.reply import missing_from

BODY = (FIXTURE_FOLDER / "inegi" / "bie_15166.json").read_bytes()
NO_RESULTS = (
    b'["ErrorInfo:No se encontraron resultados","ErrorDetails:No se encontraron resultados","ErrorCode:100"]'
)


def _body(freq: str, *points: tuple[str, str | None, str], code: str = "1") -> bytes:
    observations = [
        {"TIME_PERIOD": p, "OBS_VALUE": v, "OBS_EXCEPTION": None, "OBS_STATUS": s, "OBS_NOTE": ""}
        for p, v, s in points
    ]
    series = {"INDICADOR": code, "FREQ": freq, "UNIT": "1058", "UNIT_MULT": "", "OBSERVATIONS": observations}
    return json.dumps({"Header": {"Name": "Datos compactos BIE"}, "Series": [series]}).encode()


def test_months_newest_first_come_out_oldest_first():
    reply = inegi.parse_reply(BODY, frequencies={"15166": "monthly"})
    assert reply.frame.select("period_start", "value").rows() == [
        (date(2022, 3, 1), 322016.0),
        (date(2022, 4, 1), 266905.0),
        (date(2022, 5, 1), 288923.0),
        (date(2022, 6, 1), 302693.0),
        (date(2022, 7, 1), 276308.0),
    ]
    assert missing_from(reply, ["15166"], 2022, 2022).complete


def test_a_quarter_is_never_read_as_a_month():
    """2024/02 is April to June in a quarterly series, and clients disagree whether FREQ is 4 or 6."""
    for freq in ("4", "6"):
        frame = inegi.parse_reply(_body(freq, ("2024/02", "1.5", "3")), frequencies={"1": "quarterly"}).frame
        assert frame.select("period_start", "frequency").rows() == [(date(2024, 4, 1), "quarterly")]


@pytest.mark.parametrize(
    ("declared", "freq", "period"),
    [
        ("monthly", "6", "2024/02"),
        ("quarterly", "8", "2024/02"),
        ("quarterly", "6", "2024/05"),
        ("monthly", "8", "2024/13"),
        ("monthly", "8", "2024/02/01"),
        ("annual", "3", "2024/01"),
        ("monthly", "9", "2024/02"),
    ],
)
def test_a_frequency_that_contradicts_the_declared_one_is_refused(declared, freq, period):
    with pytest.raises(SchemaChangedError):
        inegi.parse_reply(_body(freq, (period, "1", "3")), frequencies={"1": declared})


def test_an_indicator_that_was_not_asked_for_is_refused():
    with pytest.raises(SchemaChangedError, match="15166"):
        inegi.parse_reply(BODY, frequencies={"15167": "monthly"})


def test_no_value_is_missing_and_not_zero():
    points = [("2026/05", "", "2"), ("2026/06", None, "2"), ("2026/07", "0.00000000000000000000", "1")]
    frame = inegi.parse_reply(_body("8", *points), frequencies={"1": "monthly"}).frame
    assert frame.select("value", "status").rows() == [
        (None, "missing"),
        (None, "missing"),
        (0.0, "preliminary"),
    ]


def test_the_agencys_status_code_stays_visible():
    points = [("2026/05", "1", "3"), ("2026/06", "1", "2"), ("2026/07", "1", "1"), ("2026/08", "1", "7")]
    frame = inegi.parse_reply(_body("8", *points), frequencies={"1": "monthly"}).frame
    assert frame["status"].to_list() == ["normal", "revised", "preliminary", "normal"]
    assert frame["note"].to_list()[-1] == "OBS_STATUS 7"


def test_a_value_that_is_no_number_is_kept_as_rejected():
    reply = inegi.parse_reply(_body("8", ("2026/05", "ND", "1")), frequencies={"1": "monthly"})
    assert (reply.frame.height, len(reply.left.rejected)) == (0, 1)


def test_the_array_of_texts_does_not_blame_the_series_alone():
    """The same answer for a wrong token, indicator, bank or area."""
    for status in (400, 200):
        with pytest.raises(UnclearRefusalError, match="wrong token") as caught:
            inegi.parse_reply(NO_RESULTS, frequencies={"1": "monthly"}, status=status)
        assert not caught.value.transient
    with pytest.raises(BadRequestError) as caught:
        inegi.parse_reply(b'["ErrorInfo:Otro","ErrorCode:200"]', frequencies={}, status=400)
    assert not isinstance(caught.value, UnclearRefusalError)


@given(
    frequency=st.sampled_from(["monthly", "quarterly", "annual"]),
    points=st.dictionaries(
        st.integers(0, 11), st.decimals(-(10**6), 10**6, places=6), min_size=1, max_size=8
    ),
)
@examples(50)
def test_what_inegi_writes_is_what_we_read(frequency, points):
    """A writer of the documented periods: YYYY/MM, YYYY/QQ, YYYY."""
    write = {
        "monthly": ("8", lambda i: (f"2020/{i + 1:02}", date(2020, i + 1, 1))),
        "quarterly": (
            "6",
            lambda i: (f"{2020 + i // 4}/{i % 4 + 1:02}", date(2020 + i // 4, i % 4 * 3 + 1, 1)),
        ),
        "annual": ("3", lambda i: (f"{2010 + i}", date(2010 + i, 1, 1))),
    }
    freq, period = write[frequency]
    body = _body(freq, *[(period(i)[0], f"{v:.20f}", "3") for i, v in reversed(points.items())])
    frame = inegi.parse_reply(body, frequencies={"1": frequency}).frame
    assert dict(frame.select("period_start", "value").rows()) == {
        period(i)[1]: float(v) for i, v in points.items()
    }


@pytest.mark.recorded
def test_every_recorded_inegi_payload_is_understood(shared_data):
    folder = shared_data / "payloads/inegi"
    reply = inegi.parse_reply(
        (folder / "bise_6207136901_success.json").read_bytes(), frequencies={"6207136901": "monthly"}
    )
    assert reply.frame["status"].to_list() == ["missing", "revised", "preliminary"]
    assert reply.frame["value"].to_list() == [None, 107.39083134651233, 109.21013588490848]
    assert reply.details["6207136901"]["last_update"] == "24/09/2026 12:00:00 a. m."
    with pytest.raises(UnclearRefusalError):
        inegi.parse_reply((folder / "error_400_no_results.json").read_bytes(), frequencies={}, status=400)
