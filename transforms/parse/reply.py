"""What parsers of live replies return: typed rows, what was left out and why, and what is absent.

Belongs here: the shapes shared by all agencies, how rows are collected, made unique and sorted, and the
comparison with what was requested.
Does not belong here: the formats of the agencies (their modules), which series the project keeps (sources/).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

import polars as pl

from transforms.parse.outcome import SchemaChangedError
from transforms.schema import TRADE_FLOW

SERIES_REPLY_SCHEMA: dict[str, pl.DataType] = {
    "source_code": pl.String(),
    "period_start": pl.Date(),
    "frequency": pl.String(),  # transforms.schema.FREQUENCIES
    "value": pl.Float64(),  # as printed: in `unit` times `unit_multiplier` of details; null where there is none
    "status": pl.String(),  # transforms.schema.STATUSES
    "released_at": pl.Datetime("us"),  # naive UTC; null where the payload does not state it
    "note": pl.String(),
}
TRADE_REPLY_SCHEMA: dict[str, pl.DataType] = {**TRADE_FLOW.columns, "status": pl.String()}

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d+)?")
#: frequency -> the interval by which absent periods are counted; a daily series has no value on many days, so by month
_INTERVAL = {"monthly": "1mo", "quarterly": "1q", "annual": "1y", "daily": "1mo"}


def parse_number(text: str) -> float:
    """The number in a text, thousands separators allowed where they belong ('1,018.39', not '1,5').

    Raises ValueError for anything else, also for NaN and infinities.
    """
    plain = text.strip()
    if not any(c.isdigit() for c in plain) or not _NUMBER.fullmatch(plain):
        raise ValueError(f"{text!r} is not a number")
    return float(plain.replace(",", ""))


@dataclass(frozen=True)
class Left:
    """The rows of a payload that were left out of the frame: rows in the payload = rows in the frame + dropped + rejected.

    dropped:  reason -> number of rows left out on purpose (annual averages, repeated rows, other frequencies)
    rejected: (row number, reason, row as text) of rows that could not be typed
    """

    dropped: Mapping[str, int] = field(default_factory=dict)
    rejected: tuple[tuple[int, str, str], ...] = ()

    @property
    def dropped_rows(self) -> int:
        """The number of rows left out on purpose, for whatever reason."""
        return sum(self.dropped.values())

    def as_messages(self) -> tuple[str, ...]:
        """One line for each reason, for the record of a run."""
        return tuple(f"left out {count}: {reason}" for reason, count in sorted(self.dropped.items()))


@dataclass(frozen=True)
class SeriesReply:
    """One reply of a series-like source.

    frame:    SERIES_REPLY_SCHEMA, unique on (source_code, period_start), sorted by them.
    messages: what the agency said beside the data, and what was left out.
    refused:  source_code -> why, for series that the agency refused inside a successful reply.
    details:  source_code -> what the reply states about the series itself (title, unit, multiplier, ...).
    left:     the rows that are not in the frame.
    """

    frame: pl.DataFrame
    messages: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    left: Left = field(default_factory=Left)


@dataclass(frozen=True)
class TradeReply:
    """One reply of a trade source. frame: TRADE_REPLY_SCHEMA, unique on the key of TRADE_FLOW, in any order; messages and
    left as in SeriesReply."""

    frame: pl.DataFrame
    messages: tuple[str, ...] = ()
    left: Left = field(default_factory=Left)


class Rows:
    """Collects the observations of one reply and makes a SeriesReply of them.

    messages, refused and details are those of the SeriesReply; a parser writes into them.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._rows: list[tuple[str, date, str, float | None, str, datetime | None, str | None]] = []
        self._dropped: Counter[str] = Counter()
        self._rejected: list[tuple[int, str, str]] = []
        self._seen = 0
        self.messages: list[str] = []
        self.refused: dict[str, str] = {}
        self.details: dict[str, dict[str, str]] = {}

    def add(
        self,
        code: str,
        period_start: date,
        frequency: str,
        value: float | None,
        status: str = "normal",
        *,
        released_at: datetime | None = None,
        note: str | None = None,
    ) -> None:
        """Add an observation; the arguments are the columns of SERIES_REPLY_SCHEMA."""
        self._seen += 1
        self._rows.append((code, period_start, frequency, value, status, released_at, note))

    def drop(self, reason: str, count: int = 1) -> None:
        """Count rows that are left out on purpose."""
        self._seen += count
        self._dropped[reason] += count

    def reject(self, reason: str, row: object) -> None:
        """Keep a row that cannot be typed, with the reason and its number in the order of the calls."""
        self._seen += 1
        self._rejected.append((self._seen, reason, str(row)))

    def reply(self) -> SeriesReply:
        """The reply made of all rows so far. Raises SchemaChangedError as `series_reply` does."""
        frame = pl.DataFrame(self._rows, schema=SERIES_REPLY_SCHEMA, orient="row")
        return series_reply(
            frame,
            source=self._source,
            messages=self.messages,
            refused=self.refused,
            details=self.details,
            dropped=self._dropped,
            rejected=self._rejected,
        )


def series_reply(
    frame: pl.DataFrame,
    *,
    source: str,
    messages: Iterable[str] = (),
    refused: Mapping[str, str] | None = None,
    details: Mapping[str, Mapping[str, str]] | None = None,
    dropped: Mapping[str, int] | None = None,
    rejected: Iterable[tuple[int, str, str]] = (),
) -> SeriesReply:
    """A SeriesReply made of rows of SERIES_REPLY_SCHEMA in any order. Equal rows are kept once, and the others counted.

    Raises SchemaChangedError if one (source_code, period_start) comes with two different contents, since choosing one of
    them would be a guess.
    """
    counts = Counter(dropped or {})
    once = frame.select(*SERIES_REPLY_SCHEMA).unique().sort("source_code", "period_start", "value")
    if once.height < frame.height:
        counts["repeated rows"] += frame.height - once.height
    twice = once.filter(pl.struct("source_code", "period_start").is_duplicated())
    if twice.height:
        code, period = twice.row(0)[:2]
        values = twice.filter(source_code=code, period_start=period)["value"].to_list()
        raise SchemaChangedError(source, f"{code} comes twice for {period} with different contents {values}")
    left = Left(dict(counts), tuple(rejected))
    return SeriesReply(once, (*messages, *left.as_messages()), dict(refused or {}), dict(details or {}), left)


@dataclass(frozen=True)
class Missing:
    """What was requested and is not in the reply.

    codes:   requested series without a single row (refused ones included).
    periods: columns source_code, period_start and place, for the series that are in the reply. place is 'inside' for a
             hole between the first and last period of the reply, else 'before' or 'after' (the series had not begun, is
             not yet published, or was cut by a limit: the caller knows the span of the series). Daily series count by
             month. A period with status `missing` is in the reply: the agency says that its value does not exist.
    """

    codes: tuple[str, ...]
    periods: pl.DataFrame

    @property
    def complete(self) -> bool:
        """True if every requested series came and none has a hole inside."""
        return not self.codes and self.periods.filter(place="inside").is_empty()


def missing_from(
    reply: SeriesReply, requested_codes: Iterable[str], first_year: int, last_year: int
) -> Missing:
    """Compare a reply with the requested series and years, both years included."""
    requested = list(dict.fromkeys(requested_codes))
    received = reply.frame.filter(pl.col("source_code").is_in(requested))
    absent = [pl.DataFrame(schema={"source_code": pl.String, "period_start": pl.Date, "place": pl.String})]
    for (code, frequency), rows in received.group_by("source_code", "frequency", maintain_order=True):
        interval = _INTERVAL[frequency]
        periods = rows.get_column("period_start").dt.truncate(interval).unique().sort()
        expected = pl.date_range(
            date(first_year, 1, 1), date(last_year, 12, 31), interval, eager=True
        ).rename("period_start")
        absent.append(
            expected.filter(~expected.is_in(periods.implode()))
            .to_frame()
            .select(
                pl.lit(code).alias("source_code"),
                "period_start",
                pl.when(pl.col("period_start") < periods.min())
                .then(pl.lit("before"))
                .when(pl.col("period_start") > periods.max())
                .then(pl.lit("after"))
                .otherwise(pl.lit("inside"))
                .alias("place"),
            )
        )
    present = set(received.get_column("source_code"))
    return Missing(
        codes=tuple(code for code in requested if code not in present),
        periods=pl.concat(absent).sort("source_code", "period_start"),
    )


def rescale(reply: SeriesReply, multipliers: Mapping[str, int]) -> SeriesReply:
    """Values in the declared multiplier: 1716.4 thousands become 1716400 where the series is declared in units.

    multipliers: source_code -> declared unit_multiplier. Only series whose reply states a multiplier (in `details`) are
    changed. A change from thousands to units at the agency then never looks like a revision.
    The values are computed as decimals: 4.35 hundreds are 435, not 434.99999999999994.
    """
    factors = {
        code: Decimal(detail["unit_multiplier"]) / multipliers[code]
        for code, detail in reply.details.items()
        if code in multipliers and "unit_multiplier" in detail
    }
    factors = {code: factor for code, factor in factors.items() if factor != 1}
    if not factors:
        return reply
    value = [
        float(Decimal(repr(value)) * factors[code]) if code in factors and value is not None else value
        for code, value in reply.frame.select("source_code", "value").rows()
    ]
    frame = reply.frame.with_columns(pl.Series("value", value, pl.Float64))
    details = {
        code: {**detail, "unit_multiplier": str(multipliers[code])} if code in factors else detail
        for code, detail in reply.details.items()
    }
    return replace(reply, frame=frame, details=details)


def require_units(reply: SeriesReply, units: Mapping[str, str], *, source: str) -> None:
    """Raise SchemaChangedError if a series states another unit than the declared one (a rebased index, thousands).

    units: source_code -> unit exactly as the agency writes it. Series of which the reply states no unit pass.
    """
    changed = [
        f"{code}: {stated} instead of {unit}"
        for code, unit in units.items()
        if (stated := reply.details.get(code, {}).get("unit")) is not None and stated != unit
    ]
    if changed:
        raise SchemaChangedError(
            source,
            "unit changed",
            "check whether the whole series was rebased, then change the declared unit and fetch it all again",
            unknown=changed,
        )
