"""US Bureau of Transportation Statistics, TransBorder Freight Data: one zip for each month, under addresses without a rule.

Belongs here: the list of addresses (bts_files.csv) and the guess for months after it, which months are asked for.
Does not belong here: the tables in a zip (transforms/parse/bts.py).

The addresses are those of https://www.bts.gov/topics/transborder-raw-data (read 2026): whole years until 2017, then months
with names that change (Feb2024, sept2023, March-2022, July-to-Dec-2021). Zips of 1993-2006 hold dBase tables and are left
out. New months have been called <Month><year>.zip since 2022-04, with exceptions (Jan2024, Feb2025): both are tried.
"""

from __future__ import annotations

import csv
from calendar import month_abbr, month_name
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from orchestration.sources.agencies.census import CHAPTERS
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response
from transforms.parse import bts
from transforms.parse.body import is_html, refuse_status
from transforms.parse.outcome import (
    HtmlInsteadError,
    NotYetReleasedError,
    QuotaError,
    TruncatedError,
    UnreadableError,
)
from transforms.periods import month_after
from transforms.schema import Parsed

SOURCE = "bts"
_ZONE = "America/New_York"
_FILES = Path(__file__).with_name("bts_files.csv")
#: year of the first file in the list: earlier files hold other tables
FIRST_YEAR = 2007
#: months before the newest stored one that are asked for again
_ASKED_AGAIN = 2
#: seconds for which nothing is asked after the server refused
_BLOCKED_SECONDS = 3_600.0

API = Api(
    name="BTS",
    base_url="https://www.bts.gov/sites/bts.dot.gov/files/transborder-raw",
    seconds_between_requests=3.0,
    read_timeout=120.0,
    total_timeout=1_200.0,
    max_bytes=300_000_000,
    traps=(
        "The name of a month's file follows no rule; addresses are kept in bts_files.csv.",
        "The server in front answers 403, or a page with status 200, to a client that asks too fast.",
        "Year-to-date tables lie beside those of the month and repeat them.",
        "Imports from Mexico name no Mexican state; weights are collected for imports, and for exports by vessel and air only.",
    ),
)


@cache
def addresses() -> tuple[tuple[date, date, str], ...]:
    """(first month, last month, path) of every known file, oldest first, without a gap between them."""
    with _FILES.open(encoding="utf-8") as file:
        return tuple(
            (
                date.fromisoformat(f"{r['first_month']}-01"),
                date.fromisoformat(f"{r['last_month']}-01"),
                r["path"],
            )
            for r in csv.DictReader(file)
        )


def newest_month(today: date) -> date:
    """The newest month that can be out: June 2026 was there on 12 August."""
    return month_after(today - timedelta(days=40), -1)


def _window(context: PlanContext) -> tuple[date, date]:
    """First and last month to ask for."""
    last = newest_month(context.today)
    if context.until:
        last = min(last, context.until.replace(day=1))
    slices = (
        f"{flow}|{partner}|{chapter}"
        for flow in ("imports", "exports")
        for partner in ("CAN", "MEX")
        for chapter in CHAPTERS
    )
    stored = [context.latest[name] for name in slices if name in context.latest]
    if context.since:
        first = context.since.replace(day=1)
    elif context.full:
        first = addresses()[0][0]
    else:
        first = month_after(min(stored), 1 - _ASKED_AGAIN) if stored else month_after(last, -11)
    return min(first, last), last


def _plan(context: PlanContext) -> list[Request]:
    """One request for each file, newest first: should the server refuse to go on, the newest months have come."""
    first, last = _window(context)
    last_listed = addresses()[-1][1]
    listed = [
        _question(f"/{path}", _months(begins, ends))
        for begins, ends, path in addresses()
        if ends >= first and begins <= last
    ]
    guessed = [
        _question(f"/{month.year}/{name}{month.year}.zip", [month], listed=False)
        for month in _months(max(first, month_after(last_listed)), last)
        for name in _names(month)
    ]
    return [*reversed(guessed), *reversed(listed)]


def _names(month: date) -> tuple[str, ...]:
    """The names that a month may have in an address, the likelier one first."""
    full, short = month_name[month.month], "Sept" if month.month == 9 else month_abbr[month.month]
    return (full,) if full == short else (short, full)


def _months(first: date, last: date) -> list[date]:
    """The months from `first` to `last`, none where `first` is later."""
    months = []
    while first <= last:
        months.append(first)
        first = month_after(first)
    return months


def _question(path: str, months: list[date], *, listed: bool = True) -> Request:
    """The request for one file. `listed`: whether its address is known, so that it must be there."""
    return Request(
        dataset="transborder",
        path=path,
        title=path.rsplit("/", 1)[-1],
        context={"months": [month.isoformat() for month in months], "listed": listed},
    )


def _parse(content: bytes, request: Request, response: Response) -> Parsed:
    """The freight of the months of a file, known from the time of retrieval.

    Raises NotYetReleasedError for a guessed address without a file, QuotaError where the server refuses, and for other
    answers that are no zip of these tables the errors that say so.
    """
    if response.status == 404 and not request.context["listed"]:
        raise NotYetReleasedError(
            SOURCE, f"no {request.path}", "ask again; if the month is out, add its address to bts_files.csv"
        )
    if response.status == 403:
        raise QuotaError(SOURCE, "HTTP 403: asked too fast", "wait an hour", reset_after=_BLOCKED_SECONDS)
    refuse_status(SOURCE, response.status, content[:500].decode("utf-8", "replace"))
    if is_html(content):
        raise HtmlInsteadError(SOURCE, f"a page instead of {request.path}", "ask again, more slowly")
    if not content.startswith(b"PK"):
        raise UnreadableError(SOURCE, f"{len(content):,} bytes that are no zip", "ask again")
    parsed = bts.parse_months(
        content,
        [date.fromisoformat(month) for month in request.context["months"]],
        known_from=response.retrieved_at,
        chapters=CHAPTERS,
    )
    _refuse_one_sided(parsed.frame)
    return parsed


def _refuse_one_sided(frame: pl.DataFrame) -> None:
    """Raise TruncatedError if a chapter lacks a direction with a partner: all six chapters had all four directions in every
    month from 2020-01 to 2024-09."""
    sides = frame.group_by("period_start", "hs2").agg(
        pl.struct("flow", "partner_iso3").n_unique().alias("sides")
    )
    for month, chapter, number in sides.filter(pl.col("sides") < 4).sort("period_start", "hs2").rows():
        raise TruncatedError(
            SOURCE,
            f"{month:%Y-%m}: HS {chapter} has {number} of 4 directions (exports and imports, Canada and Mexico)",
            "ask again",
        )


DATASETS = (
    Dataset(
        name="transborder",
        source_id=SOURCE,
        api=API,
        title=f"Freight with Canada and Mexico, HS chapters {', '.join(CHAPTERS)}",
        plan=_plan,
        parse=_parse,
        schedule=("35 10 * * *", _ZONE),
        publication_lag_days=60,
        first_year=FIRST_YEAR,
        revisions="No policy was found; files have been replaced. A refresh asks for the months after the newest stored one "
        f"and for the last {_ASKED_AGAIN} again, which costs nothing where the server says that they are the same.",
    ),
)
