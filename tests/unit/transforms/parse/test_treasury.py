"""Replies of the Treasury's fiscal data service: every cent is read, and what is no table is classified."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.server import (
    json_reply,
)
from tests.replay.treasury import invalid, row
from tests.support.examples import examples
from transforms.parse.outcome import BadRequestError, SchemaChangedError, TruncatedError
from transforms.parse.treasury import parse_customs_duties


def _reply(*rows: dict, pages: int = 1):
    return json_reply({"data": list(rows), "meta": {"total-pages": pages}})


@examples(40)
@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**13)), min_size=1, max_size=12))
def test_every_cent_is_read_and_the_three_series_agree(cents):
    rows = [
        row(f"20{15 + i}-12-31", *(f"{v / 100:.2f}" for v in (gross, refunds, gross - refunds)))
        for i, (gross, refunds) in enumerate(cents)
    ]
    frame = parse_customs_duties(_reply(*rows).body).frame
    for i, (gross, refunds) in enumerate(cents):
        found = dict(
            frame.filter(pl.col("period_start").dt.year() == 2015 + i).select("source_code", "value").rows()
        )
        assert found["MTS customs duties, gross"] == gross / 100
        assert found["MTS customs duties, refunds"] == refunds / 100
        assert found["MTS customs duties, net"] == pytest.approx((gross - refunds) / 100, abs=0.005)


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (invalid("filter", "x").body, 400, BadRequestError),
        (b"<html>gone</html>", 404, BadRequestError),
        (json.dumps([1]).encode(), 200, SchemaChangedError),
        (json.dumps({"data": [], "meta": {"total-pages": 3}}).encode(), 200, TruncatedError),
        (json.dumps({"data": [{}], "meta": {"total-pages": 1}}).encode(), 200, SchemaChangedError),
        (json.dumps({"data": "x", "meta": {"total-pages": 1}}).encode(), 200, SchemaChangedError),
    ],
)
def test_replies_that_are_no_table_are_classified(content, status, error):
    with pytest.raises(error):
        parse_customs_duties(content, status=status)


@pytest.mark.parametrize(
    ("amounts", "kept"),
    [
        (("30000000000.00", "1000000000.00", "29001000000.00"), True),  # printed in millions, one apart
        (("30000000000.00", "1000000000.00", "29002000000.00"), False),
        (("30000000001.00", "1000000000.00", "29000000000.00"), True),  # printed in dollars
        (("30000000000.25", "1000000000.00", "29000000000.26"), True),  # printed in cents
        (("30000000000.25", "1000000000.00", "29000000000.50"), False),
    ],
)
def test_a_month_that_does_not_add_up_beyond_rounding_costs_that_month_only(amounts, kept):
    """One such month had all months since 2015 refused, each time."""
    reply = parse_customs_duties(
        _reply(row("2026-01-31", *amounts), row("2026-02-28", "5.00", "1.00", "4.00")).body
    )
    months = reply.frame["period_start"].dt.month().unique().sort().to_list()
    assert months == ([1, 2] if kept else [2])
    assert [reason.partition(" is ")[0] for _, reason, _ in reply.left.rejected] == (
        [] if kept else ["gross less refunds"]
    )
