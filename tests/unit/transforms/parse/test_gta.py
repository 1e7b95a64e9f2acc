"""Interventions of Global Trade Alert: what the endpoint states is taken as stated, in both kinds of access."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.support.feed_case import intervention
from transforms.parse.gta import PAGE, parse_interventions
from transforms.parse.outcome import AuthError, EmptyReplyError, SchemaChangedError, TruncatedError


def read(reply: object, status: int = 200):
    return parse_interventions(json.dumps(reply).encode(), status=status, content_type="application/json")


def test_full_access_states_levels() -> None:
    (found,) = read([intervention()])
    assert found.first_day is not None and found.first_day.day == date(2025, 4, 9)
    assert [rate.percent for rate in found.rates or ()] == [31.1]
    assert (found.signed_on, found.published_on) == (date(2025, 4, 8), date(2025, 4, 9))


def test_basic_access_states_codes_only() -> None:
    (found,) = read([intervention(affected_products=[870323], date_implemented=None)])
    assert (
        found.rates == ()
        and found.first_day is not None
        and found.first_day.day is None
        and found.first_day.note
    )


@pytest.mark.parametrize(
    ("reply", "status", "error"),
    [
        ([], 200, EmptyReplyError),
        ({"detail": "x"}, 200, SchemaChangedError),
        ([{"intervention_id": 1}], 200, SchemaChangedError),
        ([{}], 200, SchemaChangedError),
        ([intervention()] * PAGE, 200, TruncatedError),
        ({"detail": "Invalid API key"}, 401, AuthError),
    ],
)
def test_other_answers(reply: object, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(reply, status)
