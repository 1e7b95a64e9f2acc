"""Bank of Canada Valet: daily exchange rates, of which the means of whole months are kept.

Belongs here: the API with its limits, the dataset, which days are asked for, codes to series.
Does not belong here: the format (transforms/parse/bank_of_canada.py), the mean (transforms/means.py).

One request a run: both rates from 1 January of the year in which the stored means end. The rates are published at
16:30 Eastern on business days, so a month's mean is known in the evening of its last business day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from orchestration.sources.agencies import daily_rates
from orchestration.sources.agencies.series_reply import declared_series
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response
from transforms.parse.bank_of_canada import SOURCE, parse_reply
from transforms.schema import Parsed

CODES = ("FXUSDCAD", "FXMXNCAD")
#: the first day of the rates as they are made today; before that there were noon and closing rates
BEGINS = date(2017, 1, 3)
#: the bundled means have seven significant digits; more would look like a revision of every month (equal in all 72
#: means of 2018, 2020 and 2025 that can be made from recorded daily rates)
_DIGITS = 7


def _titles(response: Response) -> dict[str, str]:
    """The label of each series of an answer."""
    reply = parse_reply(response.content, status=response.status, content_type=response.media_type)
    return {code: detail["title"] for code, detail in reply.details.items() if "title" in detail}


API = Api(
    name="BANK_OF_CANADA",
    base_url="https://www.bankofcanada.ca",
    seconds_between_requests=1.0,
    max_bytes=16_000_000,
    probe=Request(
        "probe",
        f"/valet/observations/{','.join(CODES)}/json",
        params=(("recent", "1"),),
        title="the newest rates",
    ),
    read_probe=_titles,
    titles={"FXUSDCAD": ("USD/CAD",), "FXMXNCAD": ("MXN/CAD",)},
    traps=(
        "A rate that was not published on a day is simply not in that row.",
        "Rates are published on business days at 16:30 Eastern; the Bank asks to cache them and publishes no limit.",
        "Groups ignore the dates asked for at times, so the two series are asked by name.",
    ),
)


def plan(ctx: PlanContext) -> list[Request]:
    """One request for both rates, or none where no month has ended since the window begins."""
    window = daily_rates.window(ctx, declared_series(SOURCE, CODES).values(), BEGINS)
    if window is None:
        return []
    # a series that is gone makes the request for both fail: then they are asked one by one
    return [replace(_question(CODES, *window), instead=tuple(_question((code,), *window) for code in CODES))]


def _question(codes: tuple[str, ...], first: date, last: date) -> Request:
    return Request(
        dataset="exchange_rates",
        path=f"/valet/observations/{','.join(codes)}/json",
        params=(("start_date", first.isoformat()), ("end_date", last.isoformat())),
        title=f"daily rates, {first} to {last}" + (f", {codes[0]}" if len(codes) == 1 else ""),
        context=daily_rates.context(codes, last),
    )


def parse(content: bytes, request: Request, response: Response) -> Parsed:
    """The means of whole months, known from the time of retrieval; raises what `daily_rates.means` and the parser raise."""
    daily = parse_reply(content, status=response.status, content_type=response.media_type)
    return daily_rates.means(daily, request, response, source=SOURCE, digits=_DIGITS)


DATASETS = (
    Dataset(
        name="exchange_rates",
        source_id=SOURCE,
        api=API,
        title="Canadian dollar in US dollars and Mexican pesos, monthly means of daily rates",
        plan=plan,
        parse=parse,
        schedule=("45 16 * * *", "America/Toronto"),
        publication_lag_days=1,
        revisions="Daily rates are not revised as a rule; the months of the current year are asked for again each time.",
    ),
)
