"""UN Comtrade: what Canada and Mexico report of their trade with the USA, to set beside the US figures (mirror statistics).

Belongs here: what is asked, the partner codes of our tables, and why it is off by default.
Does not belong here: the format (transforms/parse/comtrade.py).

Off because of the licence: data may be used internally, but handing them on, which a released file may be, needs the
permission of the UN Statistics Division above set amounts (policy on use and re-dissemination of UN Comtrade data).
https://github.com/uncomtrade/comtradeapicall for parameters and limits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl

from orchestration.sources.agencies.census_tables import CHAPTERS
from orchestration.sources.agencies.series_reply import trade_parsed
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response, Secret
from transforms.codes import WORLD
from transforms.parse import comtrade
from transforms.parse.outcome import SchemaChangedError
from transforms.schema import Parsed

SOURCE = "comtrade"
#: reporters by their number in Comtrade
REPORTERS = {"124": "CAN", "484": "MEX"}
#: partner as the parser writes it -> Schedule C, the code of our tables. 842 is the USA with Puerto Rico and the Virgin
#: Islands; Schedule C has 1000 for the USA
PARTNERS = {"842": "1000", WORLD: WORLD}
PRODUCTS = ("TOTAL", *CHAPTERS, "8703", "8704", "8708")
FIRST_YEAR = 2010

API = Api(
    name="COMTRADE",
    base_url="https://comtradeapi.un.org",
    secret=Secret(
        variable="HEADWAY_COMTRADE_KEY",
        place="header",
        name="Ocp-Apim-Subscription-Key",
        pattern=r"[0-9a-f]{32}",
        where_to_get="https://comtradedeveloper.un.org/",
        required=True,
    ),
    budgets=(Budget(500, 86_400, "UTC"),),
    seconds_between_requests=6.0,
    volatile=rb'"elapsedTime"\s*:\s*"[^"]*"',
    traps=(
        "Wrong parameters are answered with an empty list and no error.",
        "100,000 rows mean that rows were cut off.",
        "Imports are valued as the reporter does, mostly with freight and insurance; exports without.",
        "A reporter may revise any month at any time.",
    ),
)


def _plan(context: PlanContext) -> list[Request]:
    """One request for each year, newest first: two reporters, two partners, ten products, twelve months, both flows."""
    newest = context.today - timedelta(days=60)
    last = min(newest.year, context.until.year) if context.until else newest.year
    first = last - 1
    if context.full:
        first = FIRST_YEAR
    if context.since:
        first = context.since.year
    return [_question(year) for year in range(last, max(FIRST_YEAR, min(first, last)) - 1, -1)]


def _question(year: int) -> Request:
    parameters = {
        "reporterCode": ",".join(REPORTERS),
        "partnerCode": "842,0",
        "period": ",".join(f"{year}{month:02}" for month in range(1, 13)),
        "cmdCode": ",".join(PRODUCTS),
        "flowCode": "M,X",
        "motCode": "0",
        "partner2Code": "0",
        "customsCode": "C00",
        "includeDesc": "TRUE",
    }
    return Request(
        dataset="mirror",
        path="/data/v1/get/C/M/HS",
        params=tuple(parameters.items()),
        title=f"{', '.join(REPORTERS.values())} with the USA, {year}",
        context={"year": year},
    )


def _parse(content: bytes, request: Request, response: Response) -> Parsed:
    """The cells that the reporters gave, in US dollars, known from the time of retrieval. A cell that is absent was not
    reported, so nothing is withdrawn. Raises SchemaChangedError for rows that were not asked for."""
    reply = comtrade.parse_reply(content, status=response.status, content_type=response.media_type)
    frame = reply.frame
    other = frame.filter(
        ~pl.col("reporter_iso3").is_in(list(REPORTERS.values()))
        | ~pl.col("partner_code").is_in(list(PARTNERS))
        | (pl.col("period_start").dt.year() != request.context["year"])
    )
    if other.height:
        raise SchemaChangedError(SOURCE, f"rows that were not asked for, first {other.row(0)[:9]}")
    frame = frame.with_columns(pl.col("partner_code").replace_strict(PARTNERS, return_dtype=pl.String))
    return trade_parsed(replace(reply, frame=frame), source=SOURCE, retrieved_at=response.retrieved_at)


DATASETS = (
    Dataset(
        name="mirror",
        source_id=SOURCE,
        api=API,
        title="Trade of Canada and Mexico with the USA as they report it",
        plan=_plan,
        parse=_parse,
        schedule=("0 6 * * *", "UTC"),
        publication_lag_days=90,
        enabled=False,
        disabled_reason="its data may be used internally only; handing them on, which a release may be, needs the permission "
        "of the UN Statistics Division",
        revisions="A country may report and revise at any time. A refresh asks for the last two years, one question each.",
    ),
)
