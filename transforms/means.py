"""Monthly means of daily series, for rates that an agency publishes only by the day.

Belongs here: the mean, and the rule by which a month is whole.
Does not belong here: reading replies (parse/), means of published monthly figures (dbt).
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.parse.reply import SERIES_REPLY_SCHEMA, Left, SeriesReply

#: In a whole month the first and the last daily value lie at most this many days from its ends. The longest closures at a
#: month's end are Maundy Thursday to Easter Monday (Mexico) and a weekend before or after New Year.
_EDGE_DAYS = 5


def monthly_means(reply: SeriesReply, *, as_of: date) -> SeriesReply:
    """The unweighted mean of the published daily values of each whole month, as a reply with frequency monthly.

    A month is whole if it ended before `as_of` (the day of the request in the agency's zone) and has values in its first
    and in its last five days; other months are left out and counted. Days without a value do not count. Means have the
    unit of the daily values and are rounded to 10 decimals, so that another order of summation never looks like a
    revision. Their status is normal, their note the number of days, and released_at is null because no agency
    published them.
    """
    daily = reply.frame.filter(frequency="daily").filter(pl.col("value").is_not_null())
    months = (
        daily.group_by("source_code", pl.col("period_start").dt.truncate("1mo").alias("month"))
        .agg(
            pl.col("value").mean().round(10),
            pl.col("period_start").min().alias("first"),
            pl.col("period_start").max().alias("last"),
            pl.len().alias("days"),
        )
        .with_columns(pl.col("month").dt.month_end().alias("end"))
    )
    whole = months.filter(
        (pl.col("end") < as_of)
        & (pl.col("first") < pl.col("month") + timedelta(days=_EDGE_DAYS))
        & (pl.col("last") > pl.col("end") - timedelta(days=_EDGE_DAYS))
    )
    partial = months.height - whole.height
    left = Left({"months that are not whole": partial} if partial else {})
    frame = whole.select(
        "source_code",
        pl.col("month").alias("period_start"),
        pl.lit("monthly").alias("frequency"),
        "value",
        pl.lit("normal").alias("status"),
        pl.lit(None).alias("released_at"),
        pl.format("mean of {} days", "days").alias("note"),
    )
    return SeriesReply(
        frame.cast(pl.Schema(SERIES_REPLY_SCHEMA)).sort("source_code", "period_start"),
        (*reply.messages, *left.as_messages()),
        reply.refused,
        reply.details,
        left,
    )
