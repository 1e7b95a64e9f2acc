"""The list of CSMS bulletins: a script with a list in it, of which only bulletins are taken."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.feed import Csms
from tests.replay.server import Call
from tests.support.examples import examples
from transforms.parse.csms import parse_bulletins, path_of
from transforms.parse.outcome import EmptyReplyError, RefusedError, SchemaChangedError


def answer(**bulletins: tuple[str, str, str]) -> bytes:
    call = Call("CSMS", "GET", "/accounts/USDHSCBP/widgets/USDHSCBP_WIDGET_2/0.json", {}, {}, b"")
    return Csms({number.strip("n"): of for number, of in bulletins.items()})(call).body


def test_bulletins_have_number_day_and_address() -> None:
    (found,) = parse_bulletins(answer(n67834313=("Ending of [IEEPA] duties)", "02/22/2026", "")), status=200)
    assert (found.number, found.published_on, found.title) == (
        "67834313",
        date(2026, 2, 22),
        "Ending of [IEEPA] duties)",
    )
    assert found.url == "https://content.govdelivery.com/bulletins/gd/USDHSCBP-40b11c9"
    assert found.marks == ("csms:67834313",)


@examples(30)
@given(st.integers(10_000_000, 99_999_999))
def test_the_address_is_the_number_in_hexadecimal(number: int) -> None:
    assert int(path_of(str(number)).rpartition("-")[2], 16) == number


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"GDWidgets[0].update([]);", 200, EmptyReplyError),
        (
            b'GDWidgets[0].update([{"subject": "Newsroom", "pub_date": "1", "href": ""}]);',
            200,
            EmptyReplyError,
        ),
        (
            b'GDWidgets[0].update([{"subject": "CSMS # 67834313 - x", "pub_date": "soon"}]);',
            200,
            SchemaChangedError,
        ),
        (b"GDWidgets[0].update([7]);", 200, SchemaChangedError),
        (b"<html>moved</html>", 200, SchemaChangedError),
        (b"no", 403, RefusedError),
    ],
)
def test_what_is_no_list(content: bytes, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_bulletins(content, status=status)
