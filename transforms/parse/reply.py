"""What parsers of live replies return: typed rows, what was left out and why, and what is absent.

Belongs here: the shapes shared by all agencies, how rows are collected, made unique and sorted, and the
comparison with what was asked.
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
    """What of a payload is not in the frame. rows in the payload = rows in the frame + dropped + rejected."""

    dropped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number of rows left out on purpose (annual averages, repeated rows, other frequencies)."""
    rejected: tuple[tuple[int, str, str], ...] = ()
    """(row number, reason, row as text) of rows that could not be typed."""

    @property
    def dropped_rows(self) -> int:
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
    details:  source_code -> what the reply states of the series itself (title, unit, multiplier, ...).
    """

    frame: pl.DataFrame
    messages: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    left: Left = field(default_factory=Left)


@dataclass(frozen=True)
class TradeReply:
    """One reply of a trade source. frame: TRADE_REPLY_SCHEMA, unique on the key of TRADE_FLOW, in any order."""

    frame: pl.DataFrame
    messages: tuple[str, ...] = ()
    left: Left = field(default_factory=Left)


class Rows:
    """Collects the observations of one reply and makes the SeriesReply."""

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
        self._seen += 1
        self._rows.append((code, period_start, frequency, value, status, released_at, note))

    def drop(self, reason: str, count: int = 1) -> None:
        """Count rows that are left out on purpose."""
        self._seen += count
        self._dropped[reason] += count

    def reject(self, reason: str, row: object) -> None:
        """Keep a row that cannot be typed, with the reason."""
        self._seen += 1
        self._rejected.append((self._seen, reason, str(row)))

    def reply(self) -> SeriesReply:
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
    """A SeriesReply of rows in any order: equal rows are kept once and counted.

    Raises SchemaChangedError where one (source_code, period_start) comes with two different contents:
    choosing one of them would be a guess.
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
    """What was asked and did not come.

    codes:   requested series without a single row (refused ones included).
    periods: source_code, period_start, place for the series that came: place is 'inside' for a hole between
             the first and last period of the reply, else 'before' or 'after' (not begun, not yet published, or cut
             by a limit: the caller knows the series' span). Daily series count by month. A period that came
             with status `missing` is there: the agency says that the value does not exist.
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
    """Compare a reply with the series and years that were asked for (both years included)."""
    asked = list(dict.fromkeys(requested_codes))
    came = reply.frame.filter(pl.col("source_code").is_in(asked))
    absent = [pl.DataFrame(schema={"source_code": pl.String, "period_start": pl.Date, "place": pl.String})]
    for (code, frequency), rows in came.group_by("source_code", "frequency", maintain_order=True):
        interval = _INTERVAL[frequency]
        got = rows.get_column("period_start").dt.truncate(interval).unique().sort()
        expected = pl.date_range(
            date(first_year, 1, 1), date(last_year, 12, 31), interval, eager=True
        ).rename("period_start")
        absent.append(
            expected.filter(~expected.is_in(got.implode()))
            .to_frame()
            .select(
                pl.lit(code).alias("source_code"),
                "period_start",
                pl.when(pl.col("period_start") < got.min())
                .then(pl.lit("before"))
                .when(pl.col("period_start") > got.max())
                .then(pl.lit("after"))
                .otherwise(pl.lit("inside"))
                .alias("place"),
            )
        )
    present = set(came.get_column("source_code"))
    return Missing(
        codes=tuple(code for code in asked if code not in present),
        periods=pl.concat(absent).sort("source_code", "period_start"),
    )


def rescale(reply: SeriesReply, multipliers: Mapping[str, int]) -> SeriesReply:
    """Values in the declared multiplier: 1716.4 thousands become 1716400 where the series is declared in units.

    `multipliers`: source_code -> declared unit_multiplier. Only series whose reply states a multiplier are touched
    (details: unit_multiplier), so a change from thousands to units at the agency never looks like a revision.
    Computed as decimals: 4.35 hundreds are 435, not 434.99999999999994.
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

    `units`: source_code -> unit exactly as the agency writes it. Series that state no unit pass.
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
