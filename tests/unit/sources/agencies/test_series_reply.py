"""From an agency's reply to rows of our series: what is refused, in which unit, known since when."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from orchestration.base.errors import CatalogueError
from orchestration.sources.agencies.series_reply import declared_series, to_parsed, trade_parsed
from orchestration.sources.registry import load_series_catalogue
from transforms.parse.outcome import BadRequestError, EmptyReplyError, SchemaChangedError, TruncatedError
from transforms.parse.reply import TRADE_REPLY_SCHEMA, Rows, TradeReply
from transforms.schema import OBSERVATION, TRADE_FLOW

RETRIEVED = datetime(2026, 11, 21, 22)
CODES = {"CES3000000001": "usa_employment_manufacturing", "v42169911": "can_sales_motor_vehicles"}


def reply(*rows, multiplier: str | None = None, refused=None, messages=()):
    found = Rows("test")
    for code, month, value, *released in rows:
        found.add(
            code,
            date.fromisoformat(f"{month}-01"),
            "monthly",
            value,
            released_at=released[0] if released else None,
        )
        if multiplier:
            found.details[code] = {"unit_multiplier": multiplier, "unit": "vehicles"}
    found.refused, found.messages = dict(refused or {}), list(messages)
    return found.reply()


def parsed(given, **more):
    return to_parsed(given, source="test", **{"series": CODES, "retrieved_at": RETRIEVED, **more})


def test_codes_become_series_with_their_metadata() -> None:
    found = parsed(reply(("CES3000000001", "2026-09", 12_600.0)))
    assert found.table is OBSERVATION and dict(found.frame.schema) == OBSERVATION.polars_schema
    assert found.frame["series_id"].to_list() == ["usa_employment_manufacturing"]
    assert found.series.equals(load_series_catalogue().filter(series_id="usa_employment_manufacturing"))


def test_values_are_in_the_multiplier_of_the_catalogue_whatever_the_agency_prints() -> None:
    """A change from thousands to units at the agency would look like a thousandfold revision."""
    in_thousands = parsed(reply(("v42169911", "2026-09", 151.25), multiplier="1000"))
    in_units = parsed(reply(("v42169911", "2026-09", 151_250.0), multiplier="1"))
    assert in_thousands.frame["value"].to_list() == in_units.frame["value"].to_list() == [151_250.0]
    persons = parsed(reply(("CES3000000001", "2026-09", 12_600_000.0)), printed_in={"CES3000000001": 1})
    assert persons.frame["value"].to_list() == [12_600.0]


def test_known_since_the_release_where_that_is_stated() -> None:
    released = datetime(2026, 11, 6, 13, 30)
    found = parsed(reply(("v42169911", "2026-08", 1.0, released), ("v42169911", "2026-09", 2.0)))
    assert found.frame.select("known_from", "known_from_basis").rows() == [
        (released, "release"),
        (RETRIEVED, "retrieved"),
    ]


def test_nothing_is_known_later_than_it_was_retrieved() -> None:
    """An agency's clock ahead of ours would put a value into the future, and an as-of query would miss it."""
    found = parsed(reply(("v42169911", "2026-09", 1.0, datetime(2026, 11, 22))))
    assert found.frame.select("known_from", "known_from_basis").rows() == [(RETRIEVED, "retrieved")]


def test_a_hole_among_several_release_times_withdraws_nothing() -> None:
    """Each release time is a vintage of its own that shows a few periods; the others were not withdrawn by it."""
    early, late = datetime(2026, 9, 4), datetime(2026, 11, 6)
    rows = [
        ("v42169911", "2026-07", 1.0, early),
        ("v42169911", "2026-08", 2.0, late),
        ("v42169911", "2026-09", 3.0, early),
    ]
    assert not parsed(reply(*rows), complete=True).complete
    assert parsed(reply(*((*r[:3], late) for r in rows)), complete=True).complete


def test_undeclared_codes_and_other_frequencies_and_units_are_refused() -> None:
    with pytest.raises(SchemaChangedError, match="CES9999999999"):
        parsed(reply(("CES9999999999", "2026-09", 1.0)))
    quarterly = Rows("test")
    quarterly.add("v42169911", date(2026, 7, 1), "quarterly", 1.0)
    with pytest.raises(SchemaChangedError, match="comes quarterly, declared monthly"):
        parsed(quarterly.reply())
    with pytest.raises(SchemaChangedError, match="vehicles instead of dollars"):
        parsed(reply(("v42169911", "2026-09", 1.0), multiplier="1"), units={"v42169911": "dollars"})


def test_a_code_that_did_not_come() -> None:
    one = ("CES3000000001", "2026-09", 1.0)
    with pytest.raises(TruncatedError, match="v42169911"):
        parsed(reply(one), expected=CODES)
    told = parsed(reply(one, refused={"v42169911": "Vector is invalid"}), expected=CODES)
    assert told.refused == {"v42169911": "Vector is invalid"} and told.frame.height == 1
    named = parsed(reply(one, messages=["No Data Available for Series v42169911 Year: 2026"]), expected=CODES)
    assert list(named.refused) == ["v42169911"]


def test_nothing_at_all() -> None:
    with pytest.raises(EmptyReplyError):
        parsed(reply(), expected=["v42169911"])
    with pytest.raises(BadRequestError, match="Vector is invalid"):
        parsed(reply(refused={"v42169911": "Vector is invalid"}), expected=["v42169911"])


def test_declared_series_are_those_of_the_catalogue() -> None:
    assert declared_series("bls", ["CES3000000001"]) == {"CES3000000001": "usa_employment_manufacturing"}
    with pytest.raises(CatalogueError, match="declares no series X of bls"):
        declared_series("bls", ["X"])
    with pytest.raises(CatalogueError, match="say which is meant"):
        declared_series("statcan", ["v1230996000"])


def test_rejected_rows_and_messages_go_along() -> None:
    found = Rows("test")
    found.add("v42169911", date(2026, 9, 1), "monthly", 1.0)
    found.reject("not readable", "v42169911|2026-10|1.2.3")
    found.drop("annual averages", 3)
    got = parsed(found.reply())
    assert got.rejected == ((2, "not readable", "v42169911|2026-10|1.2.3"),)
    assert got.messages == ("left out 3: annual averages",)


def test_trade_rows() -> None:
    row = {
        "reporter_iso3": "USA", "partner_code": "2010", "flow": "imports", "basis": "general", "classification": "HS",
        "product_level": 2, "product_code": "87", "period_start": date(2026, 9, 1), "value_usd": 7, "source_id": "census",
        "status": "normal",
    }  # fmt: skip
    trade = TradeReply(pl.DataFrame([row], schema=TRADE_REPLY_SCHEMA), ("said",))
    got = trade_parsed(trade, source="census", retrieved_at=RETRIEVED, complete=True)
    assert got.table is TRADE_FLOW and dict(got.frame.schema) == TRADE_FLOW.polars_schema
    assert (got.frame["known_from"][0], got.frame["known_from_basis"][0]) == (RETRIEVED, "retrieved")
    assert got.complete and got.messages == ("said",)
    stated = trade_parsed(
        trade, source="census", retrieved_at=RETRIEVED, released_at=datetime(2026, 11, 5, 13, 30)
    )
    assert (stated.frame["known_from"][0], stated.frame["known_from_basis"][0]) == (
        datetime(2026, 11, 5, 13, 30),
        "release",
    )
    with pytest.raises(EmptyReplyError):
        trade_parsed(TradeReply(trade.frame.clear()), source="census", retrieved_at=RETRIEVED)
