"""From a parser's reply to rows that the loader accepts: agency codes become series, times of knowledge are set.

Belongs here: what the module of every agency does with a reply in the same way, and refusing what is not declared.
Does not belong here: formats (transforms/parse), what to ask (one module for each agency), comparison with the store.

The `parse` of a dataset is a parser of transforms/parse followed by `to_parsed` or `trade_parsed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from orchestration.base.errors import CatalogueError
from orchestration.sources.registry import load_series_catalogue
from transforms.parse.outcome import BadRequestError, EmptyReplyError, SchemaChangedError, TruncatedError
from transforms.parse.reply import Left, SeriesReply, TradeReply, require_units, rescale
from transforms.schema import OBSERVATION, TRADE_FLOW, Parsed


def declared_series(source_id: str, codes: Iterable[str] | None = None) -> dict[str, str]:
    """source_code -> series_id of series.csv for a publisher, or of `codes` only, in their order.

    Raises CatalogueError for a code that series.csv does not declare, or that several series share: then the module of
    the agency writes the mapping out.
    """
    rows = load_series_catalogue().filter(
        (pl.col("source_id") == source_id) & pl.col("source_code").is_not_null()
    )
    series_of: dict[str, list[str]] = {}
    for code, series_id in rows.select("source_code", "series_id").rows():
        series_of.setdefault(code, []).append(series_id)
    wanted = list(dict.fromkeys(series_of if codes is None else codes))
    for code in wanted:
        if code not in series_of:
            raise CatalogueError(f"series.csv declares no series {code} of {source_id}")
        if len(series_of[code]) > 1:
            raise CatalogueError(
                f"series.csv gives the code {code} of {source_id} to {', '.join(series_of[code])}: say which is meant"
            )
    return {code: series_of[code][0] for code in wanted}


def to_parsed(
    reply: SeriesReply,
    *,
    source: str,
    series: Mapping[str, str],
    retrieved_at: datetime,
    expected: Iterable[str] = (),
    printed_in: Mapping[str, int] | None = None,
    units: Mapping[str, str] | None = None,
    complete: bool = False,
) -> Parsed:
    """The observations of a reply, under the ids and in the multipliers of series.csv.

    series:       source_code -> series_id; every code of the reply must be in it.
    retrieved_at: naive UTC, of the response.
    expected:     the codes that were asked for. One that did not come counts as refused where a message of the agency
                  names it; where none does, the reply was cut.
    printed_in:   source_code -> multiplier of the printed values, where the reply does not state it and it is not that
                  of series.csv (1 for whole vehicles of a series in thousands).
    units:        source_code -> unit exactly as the agency writes it, where the reply states one.
    complete:     whether the request was for every period from the first to the last that came, so that a hole means
                  a withdrawn value. It does not apply where a series comes with several release times: each of them is
                  then a vintage, and none of these is complete.

    known_from is released_at where the reply states it (basis `release`), else retrieved_at (basis `retrieved`); never
    later than retrieved_at. Raises SchemaChangedError (undeclared code, other frequency or unit), TruncatedError,
    BadRequestError (every series refused), EmptyReplyError.
    """
    undeclared = sorted(set(reply.frame["source_code"].unique()) - set(series))
    if undeclared:
        raise SchemaChangedError(source, "series that are not declared", unknown=undeclared)
    absent = [code for code in expected if code not in reply.refused and code not in _codes(reply)]
    reasons = {code: next((m for m in reply.messages if code in m), None) for code in absent}
    refused = {**reply.refused, **{code: reason for code, reason in reasons.items() if reason}}
    if reply.frame.is_empty():
        _refuse_unreadable(source, reply.left)
        if reply.refused:
            raise BadRequestError(source, "; ".join(reply.refused.values()), "check the series codes")
        messages = "; ".join(reply.messages)
        raise EmptyReplyError(
            source, f"no observation{f': {messages}' if messages else ''}", "check series codes and period"
        )
    if cut_off := [code for code, reason in reasons.items() if not reason]:
        raise TruncatedError(
            source, f"{len(cut_off)} series did not come: {', '.join(cut_off[:5])}", "ask again"
        )
    require_units(reply, units or {}, source=source)
    metadata = load_series_catalogue().filter(pl.col("series_id").is_in(set(series.values())))
    multipliers = dict(metadata.select("series_id", "unit_multiplier").rows())
    reply = rescale(
        _stating(reply, printed_in or {}),
        {code: multipliers[series_id] for code, series_id in series.items()},
    )
    frame = reply.frame.with_columns(
        pl.col("source_code").replace_strict(series, return_dtype=pl.String).alias("series_id")
    )
    other = _other_frequency(frame, metadata)
    if other and len(other) == frame["source_code"].n_unique():
        raise SchemaChangedError(source, "; ".join(f"{code} {why}" for code, why in other.items()))
    frame = frame.filter(~pl.col("source_code").is_in(list(other)))
    refused = {**refused, **other}
    released = pl.col("released_at") <= retrieved_at
    frame = frame.select(
        "series_id",
        "period_start",
        "value",
        "status",
        pl.when(released).then("released_at").otherwise(pl.lit(retrieved_at)).alias("known_from"),
        pl.when(released).then(pl.lit("release")).otherwise(pl.lit("retrieved")).alias("known_from_basis"),
    )
    vintages = frame.group_by("series_id").agg(pl.col("known_from").n_unique())["known_from"]
    return Parsed(
        table=OBSERVATION,
        frame=frame.select(
            pl.col(name).cast(dtype) for name, dtype in OBSERVATION.polars_schema.items()
        ).sort("series_id", "period_start"),
        series=metadata.filter(pl.col("series_id").is_in(frame["series_id"].unique().implode())),
        complete=complete and vintages.max() == 1,
        rejected=reply.left.rejected,
        messages=reply.messages,
        refused=refused,
    )


def without_series(reply: SeriesReply, refused: Mapping[str, str]) -> SeriesReply:
    """The reply without the series that cannot be used (source_code -> why), which are named in its `refused`."""
    if not refused:
        return reply
    frame = reply.frame.filter(~pl.col("source_code").is_in(list(refused)))
    return replace(reply, frame=frame, refused={**reply.refused, **refused})


def without_months(parsed: Parsed, refused: Mapping[date, str], *, source: str) -> Parsed:
    """The parsed answer without the months that cannot be used (first day -> why). It is not complete then, since what it
    lacks is not withdrawn. Raises SchemaChangedError if no month is left."""
    if not refused:
        return parsed
    frame = parsed.frame.filter(~pl.col("period_start").is_in(list(refused)))
    if frame.is_empty():
        raise SchemaChangedError(source, next(iter(refused.values())))
    named = {f"{month:%Y-%m}": why for month, why in sorted(refused.items())}
    return replace(parsed, frame=frame, refused={**parsed.refused, **named}, complete=False)


def trade_parsed(
    reply: TradeReply,
    *,
    source: str,
    retrieved_at: datetime,
    released_at: datetime | None = None,
    complete: bool = False,
) -> Parsed:
    """The trade rows of a reply, in US dollars as the parser gives them.

    retrieved_at, released_at: naive UTC. All rows are known from `released_at` where the agency stated it and it is not
              later than the retrieval (basis `release`), else from `retrieved_at` (basis `retrieved`).
    complete: whether the request was for every cell of the slices and months that came (all products of a level for
              a partner), so that an absent cell is a withdrawn one.
    Raises EmptyReplyError for a reply without rows, SchemaChangedError where none of its rows could be read.
    """
    if reply.frame.is_empty():
        _refuse_unreadable(source, reply.left)
        raise EmptyReplyError(source, "no rows", "check products, partners and months")
    stated = released_at is not None and released_at <= retrieved_at
    frame = reply.frame.with_columns(
        pl.lit(released_at if stated else retrieved_at).alias("known_from"),
        pl.lit("release" if stated else "retrieved").alias("known_from_basis"),
    )
    return Parsed(
        table=TRADE_FLOW,
        frame=frame.select(pl.col(name).cast(dtype) for name, dtype in TRADE_FLOW.polars_schema.items()),
        complete=complete,
        rejected=reply.left.rejected,
        messages=reply.messages,
    )


def _refuse_unreadable(source: str, left: Left) -> None:
    """Raise SchemaChangedError where rows came but none could be read: such a reply is not empty, its fields have changed."""
    if left.rejected:
        number, reason, row = left.rejected[0]
        raise SchemaChangedError(
            source, f"none of {len(left.rejected)} rows can be read, row {number}: {reason} ({row[:120]})"
        )


def _codes(reply: SeriesReply) -> set[str]:
    return set(reply.frame["source_code"].unique())


def _stating(reply: SeriesReply, printed_in: Mapping[str, int]) -> SeriesReply:
    """The reply as if it stated the multipliers that are known from elsewhere."""
    details = {code: dict(detail) for code, detail in reply.details.items()}
    for code, multiplier in printed_in.items():
        details.setdefault(code, {})["unit_multiplier"] = str(multiplier)
    return replace(reply, details=details)


def _other_frequency(frame: pl.DataFrame, metadata: pl.DataFrame) -> dict[str, str]:
    """source_code -> why, for series that do not come in the frequency that series.csv declares."""
    other = frame.join(metadata.select("series_id", declared="frequency"), on="series_id").filter(
        pl.col("frequency") != pl.col("declared")
    )
    return {
        code: f"comes {frequency}, declared {declared}"
        for code, frequency, declared in other.select("source_code", "frequency", "declared").unique().rows()
    }
