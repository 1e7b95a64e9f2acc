"""US Bureau of Transportation Statistics, TransBorder Freight Data: one zip for each month, under addresses without a rule.

Belongs here: the list of addresses (bts_files.csv) and the guess for months after it, which months are asked for.
Does not belong here: the tables in a zip (transforms/parse/bts.py).

The addresses are those of https://www.bts.gov/topics/transborder-raw-data (read 2026): whole years until 2017, then months
with names that change (Feb2024, sept2023, March-2022, July-to-Dec-2021). Zips of 1993-2006 hold dBase tables and are left
out. New months have been called <Month><year>.zip since 2022-04, with exceptions (Jan2024, Feb2025, september2024): each
form is tried, then the links of that page. A month between the first and the newest stored one that is not in the store
is asked for in every run, whether its address is known or guessed.
"""

from __future__ import annotations

import csv
from calendar import month_abbr, month_name
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from orchestration.sources.agencies.census_tables import CHAPTERS
from orchestration.sources.spec import Api, Dataset, ListPage, PlanContext, Request, Response
from transforms.parse import bts
from transforms.parse.body import is_html, refuse_status
from transforms.parse.outcome import (
    HtmlInsteadError,
    NoSuchFileError,
    QuotaError,
    RefusedError,
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
#: where the files lie, and the page that links to them
FOLDER = "/sites/bts.dot.gov/files/transborder-raw"
LIST_PAGE = "/topics/transborder-raw-data"


def _read_probe(response: Response) -> dict[str, str]:
    """No titles: a page is what is expected here. Raises what a refusal of it means."""
    refuse_status(SOURCE, response.status, response.content[:500].decode("utf-8", "replace"))
    if b".zip" not in response.content:
        raise HtmlInsteadError(SOURCE, "a page without links to files", "look at it in a browser")
    return {}


API = Api(
    name="BTS",
    base_url="https://www.bts.gov",
    names_contact=True,
    referer="https://www.bts.gov/topics/transborder-raw-data",
    seconds_between_requests=3.0,
    read_timeout=120.0,
    total_timeout=1_200.0,
    max_bytes=300_000_000,
    probe=Request("probe", LIST_PAGE, title="the list of files"),
    read_probe=_read_probe,
    traps=(
        "The name of a month's file follows no rule (sept2023, september2024); addresses are kept in bts_files.csv, for others "
        "several forms and the links of the list page are tried.",
        "The server in front refuses programs it does not know (403; reported in 2026 for agents without a Referer of its own "
        "site), and answers 429, or a page with status 200, to a client that asks too fast.",
        "A zip may hold a damaged table or a damaged zip of one month (2008-03, 2017-03, 2017-07), and tables under other names "
        "(2016-08: `TransBorder_3_0816 (1).csv`); the year-to-date tables of a later month repeat what is damaged.",
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


#: slices of the store that a month fills
_SLICES = tuple(
    f"{flow}|{partner}|{chapter}"
    for flow in ("imports", "exports")
    for partner in ("CAN", "MEX")
    for chapter in CHAPTERS
)


def _window(context: PlanContext) -> tuple[date, date]:
    """First and last month to ask for."""
    last = newest_month(context.today)
    if context.until:
        last = min(last, context.until.replace(day=1))
    stored = [context.latest[name] for name in _SLICES if name in context.latest]
    if context.since:
        first = context.since.replace(day=1)
    elif context.full:
        first = addresses()[0][0]
    else:
        first = month_after(min(stored), 1 - _ASKED_AGAIN) if stored else month_after(last, -11)
    return min(first, last), last


def _holes(context: PlanContext) -> set[date]:
    """The months between the first stored month and the newest that can be out which are not in the store; none where
    certain months are asked for."""
    if context.since or context.until or context.full:
        return set()
    stored = frozenset().union(*(context.stored.get(name, frozenset()) for name in _SLICES))
    first = max(min(stored, default=date.max), addresses()[0][0])
    return set(_months(first, newest_month(context.today))) - stored


def _plan(context: PlanContext) -> list[Request]:
    """One request for each file, newest first: should the server refuse to go on, the newest months have come."""
    first, last = _window(context)
    wanted = {*_months(first, last), *_holes(context)}
    last_listed = addresses()[-1][1]
    listed = [
        _listed(path, _months(begins, ends))
        for begins, ends, path in addresses()
        if not wanted.isdisjoint(_months(begins, ends))
    ]
    guessed = [_guessed(month) for month in sorted(wanted) if month > last_listed]
    return [*reversed(guessed), *reversed(listed)]


def _names(month: date) -> tuple[str, ...]:
    """The words that stand for a month in an address, the likelier one first."""
    full, short = month_name[month.month], month_abbr[month.month]
    written = (full, "Sept", short) if month.month == 9 else (full, short)
    return tuple(dict.fromkeys((*written, *(word.lower() for word in written))))


def _paths(month: date) -> tuple[str, ...]:
    """The addresses that the file of a month may have, the likelier one first."""
    return tuple(f"{FOLDER}/{month.year}/{word}{month.year}.zip" for word in _names(month))


def _listed_on(month: date) -> ListPage:
    """The page that links to the file of a month, and what such a link looks like: the month in words and the year."""
    words = "|".join(dict.fromkeys(word.lower() for word in _names(month)))
    return ListPage(LIST_PAGE, rf".*/(?:{words})[-_. ]?{month.year}[^/]*\.zip")


def _months(first: date, last: date) -> list[date]:
    """The months from `first` to `last`, none where `first` is later."""
    months = []
    while first <= last:
        months.append(first)
        first = month_after(first)
    return months


def _listed(path: str, months: list[date]) -> Request:
    """The request for a file whose address is known, so that it must be there; one of a single month may have been renamed."""
    single = months[0] if len(months) == 1 else None
    address = f"{FOLDER}/{path}"
    return Request(
        dataset="transborder",
        path=address,
        title=path.rsplit("/", 1)[-1],
        context={"months": [month.isoformat() for month in months]},
        alternatives=tuple(p for p in _paths(single) if p != address) if single else (),
        listed_on=_listed_on(single) if single else None,
    )


def _guessed(month: date) -> Request:
    """The request for the file of a month whose address is not known; the month may not be out."""
    path, *others = _paths(month)
    return Request(
        dataset="transborder",
        path=path,
        title=f"{month:%B %Y}",
        context={"months": [month.isoformat()]},
        alternatives=tuple(others),
        listed_on=_listed_on(month),
        guessed=True,
    )


def _parse(content: bytes, request: Request, response: Response) -> Parsed:
    """The freight of the months of a file, known from the time of retrieval. A month that cannot be used is in `refused`.

    Raises NoSuchFileError for an address without a file, RefusedError where the server refuses this program, QuotaError
    where it says how long to wait, and for other answers that are no zip of these tables the errors that say so.
    """
    if response.status == 404:
        raise NoSuchFileError(
            SOURCE,
            f"HTTP 404, no {request.path}",
            "if the file has another address, put it into bts_files.csv",
        )
    if response.status == 403:
        wait = response.headers.get("Retry-After", "")
        if wait.isdigit():
            raise QuotaError(SOURCE, "HTTP 403: asked too fast", "wait", reset_after=float(wait))
        raise RefusedError(SOURCE, "HTTP 403: refused", "set agent, contact and Referer")
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
    return _without_one_sided(parsed)


def _without_one_sided(parsed: Parsed) -> Parsed:
    """The months in which each chapter has all four directions; the others are refused with what they lack.

    All six chapters had all four directions (exports and imports, Canada and Mexico) in every month from 2020-01 to 2024-09.
    Raises TruncatedError if no month is left.
    """
    sides = parsed.frame.group_by("period_start", "hs2").agg(
        pl.struct("flow", "partner_iso3").n_unique().alias("sides")
    )
    lacking = sides.filter(pl.col("sides") < 4).sort("period_start", "hs2", descending=True)
    reasons = {
        month: f"HS {chapter} has {number} of 4 directions (exports and imports, Canada and Mexico)"
        for month, chapter, number in lacking.rows()
    }
    if not reasons:
        return parsed
    frame = parsed.frame.filter(~pl.col("period_start").is_in(list(reasons)))
    refused = {f"{month:%Y-%m}": reason for month, reason in sorted(reasons.items())}
    if frame.is_empty():
        raise TruncatedError(
            SOURCE, "; ".join(f"{month}: {why}" for month, why in refused.items()), "ask again"
        )
    return replace(parsed, frame=frame, refused={**parsed.refused, **refused})


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
        revisions="No policy was found; files have been replaced. A refresh asks for the months after the newest stored one, "
        f"for the last {_ASKED_AGAIN} again, and for each month before them that is missing, which costs nothing where the server says "
        "that they are the same.",
    ),
)
