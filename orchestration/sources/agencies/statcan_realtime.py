"""Real-time tables of Statistics Canada: every release of another table, which are true vintages.

Belongs here: which of them are asked for, when, and which of their series are picked by which names.
Does not belong here: the format of the zip (transforms/parse/statcan.py), tables without releases (statcan_tables.py).

Each release is a member of the dimension Release, written "February 2, 2020" (as a public program of 2021 reads the
real-time tables of retail trade and of output); at 08:30 in Ottawa its numbers became known. Names of members are those of
the table that is repeated. A vector belongs to one release only, so that the series are picked by names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

import polars as pl

from orchestration.sources.agencies.series_reply import to_parsed
from orchestration.sources.agencies.statcan_tables import TABLES, reply_of, zip_of_table
from orchestration.sources.spec import PlanContext, Request, Response
from transforms.parse.outcome import SchemaChangedError
from transforms.parse.reply import SeriesReply
from transforms.parse.statcan import part_of_table, releases_of_members
from transforms.parse.statcan_wds import to_utc
from transforms.schema import FrameError, Parsed

SOURCE = "statcan"
_RELEASE = "Release"
_TIME = time(8, 30)


@dataclass(frozen=True)
class RealTimeTable:
    """One real-time table. of: product of the table that it repeats; series: series_id -> column -> member, rarest last."""

    product_id: str
    of: str
    title: str
    series: Mapping[str, Mapping[str, str]] = field(hash=False)

    @property
    def dataset(self) -> str:
        return f"table_{self.product_id}"

    def plan(self, ctx: PlanContext) -> list[Request]:
        """The request for the zip, with --full only: releases from now on are seen as they come, and the zip is large."""
        if not ctx.full:
            return []
        return [
            Request(
                dataset=self.dataset,
                path=f"/n1/tbl/csv/{self.product_id}-eng.zip",
                title=f"every release, {len(self.series)} series of it",
            )
        ]

    def parse(self, content: bytes, request: Request, response: Response) -> Parsed:
        """Every release of the declared series, each known from its day at 08:30 in Ottawa.

        Raises UnreadableError for a damaged zip, SchemaChangedError for another form of it or none of the declared names.
        """
        zip_of_table(content, self.product_id, response)
        try:
            table = part_of_table(content, self.product_id, self.series.values())
            by_day, refused = releases_of_members(table, self.series, _RELEASE)
        except FrameError as error:
            raise SchemaChangedError(SOURCE, str(error)) from error
        if not by_day:
            raise SchemaChangedError(SOURCE, f"none of the declared names is in {self.product_id}")
        ids = {series_id: series_id for series_id in self.series}
        parts = [
            to_parsed(
                _released(reply_of(chosen, {}, ()), day),
                source=SOURCE,
                series=ids,
                retrieved_at=response.retrieved_at,
            )
            for day, chosen in sorted(by_day.items())
        ]
        series = pl.concat([part.series for part in parts if part.series is not None]).unique(
            "series_id", maintain_order=True
        )
        return replace(
            parts[0], frame=pl.concat([part.frame for part in parts]), series=series, refused=refused
        )


def _released(reply: SeriesReply, day: date) -> SeriesReply:
    """The reply of one release, with the moment at which it came out."""
    moment = to_utc(datetime.combine(day, _TIME).isoformat())
    return replace(
        reply, frame=reply.frame.with_columns(pl.lit(moment, pl.Datetime("us")).alias("released_at"))
    )


def _payroll(estimate: str, industry: str) -> dict[str, str]:
    return {
        "geography": "Canada",
        "Estimate": estimate,
        "North American Industry Classification System (NAICS)": industry,
    }


_AGGREGATE = "Industrial aggregate excluding unclassified businesses"
_EMPLOYMENT = "Employment for all employees"
_EARNINGS = "Average weekly earnings including overtime for all employees"

REAL_TIME_TABLES = (
    RealTimeTable(
        "12100165",
        "12100163",
        "Every release of the trade of Canada in motor vehicles and parts, by product",
        {series.series_id: series.members for series in TABLES["12100163"].series},
    ),
    RealTimeTable(
        "14100332",
        "14100223",
        "Every release of payrolls and weekly earnings of Canada, adjusted",
        {
            "can_payroll_employment_aggregate_sa": _payroll(_EMPLOYMENT, _AGGREGATE),
            "can_payroll_employment_goods_sa": _payroll(_EMPLOYMENT, "Goods producing industries"),
            "can_payroll_employment_manufacturing_sa": _payroll(_EMPLOYMENT, "Manufacturing"),
            "can_weekly_earnings_aggregate": _payroll(_EARNINGS, _AGGREGATE),
            "can_weekly_earnings_manufacturing": _payroll(_EARNINGS, "Manufacturing"),
        },
    ),
)
