"""Full tables of Statistics Canada: which are asked for, when, and which of their series are picked by which names.

Belongs here: one row for each table and one for each series, the request and the parser of a table.
Does not belong here: the format of the zip (transforms/parse/statcan.py), the Web Data Service (statcan.py).

A full table holds every series with the names of its members and no release times: what it says is known from the time
of retrieval. The zips have 10 to 100 MB, so a table is asked for only when a month may be out that is not stored yet.
The names are those of the tables as public code of 2025 and 2026 reads them; a name that is not in the table is
reported and its series left out, while the others are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import polars as pl

from orchestration.sources.agencies.series_reply import to_parsed
from orchestration.sources.spec import PlanContext, Request, Response
from transforms.parse.archive_member import member_names
from transforms.parse.body import read_text
from transforms.parse.outcome import SchemaChangedError, UnreadableError
from transforms.parse.reply import SERIES_REPLY_SCHEMA, SeriesReply, series_reply
from transforms.parse.statcan import (
    RejectedRow,
    contradictions,
    full_table,
    part_of_table,
    select_vectors,
    vectors_of_members,
)
from transforms.periods import end_of_month, month_after
from transforms.schema import FrameError, Parsed

SOURCE = "statcan"


@dataclass(frozen=True)
class TableSeries:
    """One series of a table: by its vector, or by the names of its members (the rarest last)."""

    series_id: str
    vector: str = ""
    members: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Table:
    """One full table.

    lag_days: usual days from the end of a month to its release. revisions: what is revised when, for the documentation.
    ended:    the table gets no new periods, and is asked for with --full only.
    """

    product_id: str
    title: str
    series: tuple[TableSeries, ...]
    lag_days: int
    revisions: str
    ended: bool = False

    @property
    def dataset(self) -> str:
        return f"table_{self.product_id}"

    def plan(self, ctx: PlanContext) -> list[Request]:
        """The request for the zip, where everything is wanted or a month may be out that is not stored yet."""
        wanted = ctx.full if self.ended else _is_due(ctx, self)
        if not wanted:
            return []
        return [
            Request(
                dataset=self.dataset,
                path=f"/n1/tbl/csv/{self.product_id}-eng.zip",
                title=f"whole table, {len(self.series)} series of it",
                context={"last_period": ctx.today.isoformat()},
            )
        ]

    def parse(self, content: bytes, request: Request, response: Response) -> Parsed:
        """Every period of the declared series of the zip, known from the time of retrieval.

        Raises UnreadableError for a damaged zip, SchemaChangedError for another form of it or none of the declared names.
        """
        zip_of_table(content, self.product_id, response)
        by_name = {s.series_id: s.members for s in self.series if s.members}
        by_vector = {s.vector: s.series_id for s in self.series if s.vector}
        try:
            refused: dict[str, str] = {}
            if by_name:
                table = part_of_table(content, self.product_id, by_name.values())
                by_vector, refused = vectors_of_members(table, by_name)
            else:
                table = full_table(content, self.product_id)
            chosen = select_vectors(table, by_vector)
        except FrameError as error:
            raise SchemaChangedError(SOURCE, str(error)) from error
        if chosen.is_empty():
            raise SchemaChangedError(SOURCE, f"none of the declared names is in {self.product_id}")
        ids = {s.series_id: s.series_id for s in self.series}
        return to_parsed(
            reply_of(chosen, refused, contradictions(table, by_vector)),
            source=SOURCE,
            series=ids,
            expected=ids,
            retrieved_at=response.retrieved_at,
            complete=True,
        )


def _is_due(ctx: PlanContext, table: Table) -> bool:
    """Whether the month after the newest stored one may be out, or everything is wanted."""
    # a series whose name is not in the table never gets a period: it must not make every run ask for the table
    latest = [ctx.latest[s.series_id] for s in table.series if s.series_id in ctx.latest]
    if ctx.full or ctx.since or not latest:
        return True
    return ctx.today >= end_of_month(month_after(min(latest))) + timedelta(days=table.lag_days)


def zip_of_table(content: bytes, product_id: str, response: Response) -> None:
    """Raise UnreadableError for a damaged zip, SchemaChangedError and what `read_text` raises for what is none."""
    if not content.startswith(b"PK"):
        text = read_text(content, source=SOURCE, status=response.status, content_type=response.media_type)
        raise SchemaChangedError(SOURCE, f"no zip archive but: {text[:100]}")
    try:
        member_names(content)
    except FrameError as error:
        raise UnreadableError(SOURCE, f"{product_id}: {error}", "fetch it again") from error


def reply_of(
    chosen: pl.DataFrame, refused: Mapping[str, str], rejected: Sequence[RejectedRow]
) -> SeriesReply:
    """Chosen rows of a monthly table as a reply, with the multiplier of each series."""
    scalars = dict(chosen.select("series_id", "scalar_exponent").unique().rows())
    frame = chosen.select(
        pl.col("series_id").alias("source_code"),
        "period_start",
        pl.lit("monthly").alias("frequency"),
        "value",
        "status",
        pl.lit(None).alias("released_at"),
        pl.lit(None).alias("note"),
    )
    reply = series_reply(
        frame.cast(pl.Schema(SERIES_REPLY_SCHEMA)),
        source=SOURCE,
        details={code: {"unit_multiplier": str(10**scalar)} for code, scalar in scalars.items()},
        rejected=rejected,
    )
    return replace(reply, refused=dict(refused))


def _trade(series_id: str, trade: str, product: str) -> TableSeries:
    return TableSeries(
        series_id,
        members={
            "geography": "Canada",
            "Trade": trade,
            "Basis": "Balance of payments",
            "Seasonal adjustment": "Seasonally adjusted",
            "North American Product Classification System (NAPCS)": product,
        },
    )


def _ontario(series_id: str, trade: str, product: str) -> TableSeries:
    return TableSeries(
        series_id,
        members={
            "geography": "Ontario",
            "Trade": trade,
            "Principal trading partners": "United States",
            "North American Product Classification System (NAPCS)": product,
        },
    )


def _payroll(series_id: str, geography: str, industry: str) -> TableSeries:
    return TableSeries(
        f"can_payroll_employment_{series_id}",
        members={
            "geography": geography,
            "Type of employee": "All employees",
            "North American Industry Classification System (NAICS)": industry,
        },
    )


def _shipments(series_id: str, industry: str) -> TableSeries:
    return TableSeries(
        f"can_shipments_{series_id}",
        members={
            "geography": "Canada",
            "Principal statistics": "Sales of goods manufactured (shipments)",
            "Seasonal adjustment": "Seasonally adjusted",
            "North American Industry Classification System (NAICS)": industry,
        },
    )


_PRODUCTS = {
    "motor_vehicles_parts": "Motor vehicles and parts",
    # the same name stands as [C211] and as [411]
    "passenger_cars_light_trucks": "Passenger cars and light trucks [C211]",
    "heavy_vehicles": "Medium and heavy trucks, buses, and other motor vehicles",
    "vehicle_parts": "Tires; motor vehicle engines and motor vehicle parts",
}
_INDUSTRIES = {
    "manufacturing": "Manufacturing",
    "transportation_equipment": "Transportation equipment manufacturing",
    "motor_vehicles": "Motor vehicle manufacturing",
    "vehicle_bodies_trailers": "Motor vehicle body and trailer manufacturing",
    "vehicle_parts": "Motor vehicle parts manufacturing",
}
_MONTHLY = "Every run that reads the table reads all of it, so it sees each change."

TABLES: dict[str, Table] = {
    table.product_id: table
    for table in (
        Table(
            "12100163",
            "Trade of Canada in motor vehicles and parts, by product",
            tuple(
                _trade(f"can_{flow}_{slug}", trade, product)
                for slug, product in _PRODUCTS.items()
                for flow, trade in (("exports", "Export"), ("imports", "Import"))
            ),
            lag_days=33,
            revisions=f"The month before is revised each month, all months once a year. {_MONTHLY}",
        ),
        Table(
            "12100175",
            "Trade of Ontario with the United States, all goods and motor vehicles",
            tuple(
                _ontario(f"can_{flow}_{slug}_ontario_usa", trade, product)
                for slug, product in (
                    ("goods", "Total of all merchandise"),
                    ("motor_vehicles_parts", _PRODUCTS["motor_vehicles_parts"]),
                )
                for flow, trade in (("exports", "Domestic export"), ("imports", "Import"))
            ),
            lag_days=36,
            revisions=f"The month before is revised each month, several years once a year. {_MONTHLY}",
        ),
        Table(
            "14100201",
            "Payroll employment in the vehicle industries, Canada and Ontario",
            tuple(
                _payroll(f"{slug}{suffix}", geography, industry)
                for suffix, geography in (("", "Canada"), ("_ontario", "Ontario"))
                for slug, industry in _INDUSTRIES.items()
            ),
            lag_days=56,
            revisions=f"The month before is revised each month, several years once a year. {_MONTHLY}",
        ),
        Table(
            "16100047",
            "Shipments of the vehicle industries, Canada",
            tuple(
                _shipments(slug, _INDUSTRIES[slug])
                for slug in ("motor_vehicles", "vehicle_bodies_trailers", "vehicle_parts")
            ),
            lag_days=44,
            revisions=f"Some months are revised each month, several years once a year. {_MONTHLY}",
        ),
        Table(
            "20100001",
            "Sales of new motor vehicles, Canada, until 2020-04",
            (
                TableSeries("can_sales_motor_vehicles", "v42169911"),
                TableSeries("can_sales_motor_vehicles_sa", "v42169912"),
                TableSeries("can_sales_motor_vehicles_value", "v42169913"),
                TableSeries("can_sales_motor_vehicles_north_american", "v42169914"),
                TableSeries("can_sales_motor_vehicles_overseas", "v42169916"),
                TableSeries("can_sales_passenger_cars", "v42169920"),
                TableSeries("can_sales_passenger_cars_sa", "v42169921"),
                TableSeries("can_sales_trucks", "v42169933"),
                TableSeries("can_sales_trucks_sa", "v42169934"),
                TableSeries("can_sales_motor_vehicles_ontario", "v42170123"),
            ),
            lag_days=45,
            revisions="The table ended with 2020-04; it is asked for with --full only.",
            ended=True,
        ),
    )
}
