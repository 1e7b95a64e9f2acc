"""US Bureau of Labor Statistics: the Quarterly Census of Employment and Wages, vehicle industries by state.

Belongs here: the API, which industries, areas and quarters are asked for. Does not belong here: the format
(transforms/parse/bls_qcew.py).

One slice is an industry in a quarter, in all areas. The census covers nearly every job, state by state, in industries for which the
monthly survey has no state figures; it comes out five to six months after the quarter. A quarter is revised with each of the
next ones, up to that of the next first quarter, so the last five are asked for again.
"""

from __future__ import annotations

from datetime import date, timedelta

from orchestration.sources.agencies.series_reply import declared_series, to_parsed
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response
from transforms.parse import bls_qcew
from transforms.parse.body import refuse_status
from transforms.parse.outcome import NoSuchFileError
from transforms.schema import Parsed

SOURCE = bls_qcew.SOURCE
#: motor vehicles, and their parts
INDUSTRIES = ("3361", "3363")
#: the nation, and the states with most of their jobs
AREAS = (
    "US000",
    "01000",
    "06000",
    "17000",
    "18000",
    "21000",
    "26000",
    "28000",
    "29000",
    "39000",
    "45000",
    "47000",
    "48000",
)
#: clients ask from this year on; a quarter without a slice costs one request
FIRST_YEAR = 2012
#: days after the end of a quarter at which it can be out at the earliest
_EARLIEST_DAYS = 140
_QUARTERS_ASKED_AGAIN = 5

API = Api(
    name="BLS_QCEW",
    base_url="https://data.bls.gov/cew/data/api",
    seconds_between_requests=1.0,
    names_contact=True,
    max_bytes=32_000_000,
    probe=Request("probe", "/2024/1/industry/3361.csv", title="motor vehicles in the first quarter of 2024"),
    traps=(
        "An area, an ownership and an industry that BLS withholds has a row with the mark N and zeros.",
        "Industries by area have a row for each kind of owner and none for all of them.",
        "A quarter that is not out yet is answered 404.",
    ),
)


def codes() -> dict[str, str]:
    """source_code -> series_id of every series of the census."""
    return declared_series(
        SOURCE, [bls_qcew.code_of(area, industry) for industry in INDUSTRIES for area in AREAS]
    )


def newest_quarter(today: date) -> tuple[int, int]:
    """Year and quarter (1 to 4) of the newest quarter that can be out."""
    seen = today - timedelta(days=_EARLIEST_DAYS)
    return _before(seen.year, (seen.month - 1) // 3 + 1)


def _before(year: int, quarter: int) -> tuple[int, int]:
    return (year, quarter - 1) if quarter > 1 else (year - 1, 4)


def plan(context: PlanContext) -> list[Request]:
    """The slices of the last five quarters, of all of them since the newest stored one, or since the month that is wanted; newest
    first."""
    quarter = newest_quarter(context.today)
    if context.until:
        quarter = min(quarter, (context.until.year, (context.until.month - 1) // 3 + 1))
    first = quarter
    for _ in range(_QUARTERS_ASKED_AGAIN - 1):
        first = _before(*first)
    stored = [context.latest[series_id] for series_id in codes().values() if series_id in context.latest]
    if context.full:
        first = (FIRST_YEAR, 1)
    elif context.since:
        first = (context.since.year, (context.since.month - 1) // 3 + 1)
    elif stored:
        first = min(first, (max(stored).year, (max(stored).month - 1) // 3 + 1))
    first = max(first, (FIRST_YEAR, 1))
    asked = []
    while quarter >= first:
        asked += [_slice(*quarter, industry) for industry in INDUSTRIES]
        quarter = _before(*quarter)
    return asked


def _slice(year: int, quarter: int, industry: str) -> Request:
    return Request(
        dataset="qcew",
        path=f"/{year}/{quarter}/industry/{industry}.csv",
        title=f"NAICS {industry}, {year}Q{quarter}",
        context={"year": year, "quarter": quarter, "industry": industry},
        guessed=True,
    )


def parse(content: bytes, request: Request, response: Response) -> Parsed:
    """Private employment of the kept areas in the three months of a slice, known from the time of retrieval.

    Raises NoSuchFileError for a quarter that is not out, and what the parser and `to_parsed` raise.
    """
    if response.status == 404:
        raise NoSuchFileError(SOURCE, f"HTTP 404, no {request.path}", "ask again after the next release")
    refuse_status(SOURCE, response.status, content[:500].decode("utf-8", "replace"))
    reply = bls_qcew.parse_industry(
        content,
        industry=request.context["industry"],
        year=request.context["year"],
        quarter=request.context["quarter"],
        areas=AREAS,
        status=response.status,
        content_type=response.media_type,
    )
    return to_parsed(reply, source=SOURCE, series=codes(), retrieved_at=response.retrieved_at)


DATASETS = (
    Dataset(
        name="qcew",
        source_id=SOURCE,
        api=API,
        title="Employment in the vehicle industries by state, Quarterly Census of Employment and Wages",
        plan=plan,
        parse=parse,
        schedule=("15 10 * * *", "America/New_York"),
        publication_lag_days=165,
        revisions="A quarter is revised with each of the next ones, up to that of the next first quarter. Each run asks for the last "
        "five quarters and for those since the newest stored one; --full for all since 2012.",
    ),
)
