"""Rates that an agency publishes by the day and of which this project keeps the means of whole months.

Belongs here: which days to ask for so that every month of them is whole, and the means as rows for the loader.
Does not belong here: the requests of one agency (its module), the mean (transforms/means.py), formats (transforms/parse).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from orchestration.sources.agencies.series_reply import declared_series, to_parsed
from orchestration.sources.spec import PlanContext, Request, Response
from transforms.means import monthly_means
from transforms.parse.outcome import SchemaChangedError
from transforms.parse.reply import SeriesReply
from transforms.schema import Parsed


def window(ctx: PlanContext, series: Iterable[str], begins: date) -> tuple[date, date] | None:
    """First and last day to ask for; None where no month has ended since the first one.

    The first day is 1 January of the year in which the shortest of `series` ends, or of the year of `since`; it is
    `begins`, the first day of the rates, where a series is not stored yet or everything is wanted. The last day is the
    end of the last month before today, so that the question stays the same all month long.
    """
    ids = list(series)
    stored = [ctx.latest[series_id] for series_id in ids if series_id in ctx.latest]
    if ctx.since:
        first = ctx.since.replace(month=1, day=1)
    elif ctx.full or len(stored) < len(ids):
        first = begins
    else:
        first = min(stored).replace(month=1, day=1)
    first = max(begins, first)
    last = ctx.today.replace(day=1) - timedelta(days=1)
    if ctx.until:
        last = min(last, ctx.until)
    return (first, last) if first <= last else None


def context(codes: Iterable[str], last: date) -> Mapping[str, Any]:
    """What `means` reads from `Request.context` for a request for the days until `last`; plain JSON, hence Any."""
    return {
        "codes": list(codes),
        "last_day": last.isoformat(),
        "last_period": last.replace(day=1).isoformat(),
    }


def means(
    daily: SeriesReply, request: Request, response: Response, *, source: str, digits: int | None = None
) -> Parsed:
    """The means of the whole months of `daily`, rounded to `digits` significant digits where that is given.

    They are known from the time of retrieval, because the mean is made here and not published. Raises SchemaChangedError
    where a day could not be read, since the mean of the other days would be another number; and what `to_parsed` raises.
    """
    if daily.left.rejected:
        _, reason, row = daily.left.rejected[0]
        raise SchemaChangedError(
            source, f"{len(daily.left.rejected)} days cannot be read, the first: {reason} ({row})"
        )
    codes = request.context["codes"]
    day_after = date.fromisoformat(request.context["last_day"]) + timedelta(days=1)
    monthly = monthly_means(daily, as_of=day_after)
    if digits is not None:
        rounded = monthly.frame.with_columns(pl.col("value").round_sig_figs(digits))
        monthly = replace(monthly, frame=rounded)
    return to_parsed(
        monthly,
        source=source,
        series=declared_series(source, codes),
        expected=codes,
        retrieved_at=response.retrieved_at,
        complete=True,
    )
