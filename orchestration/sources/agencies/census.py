"""US Census Bureau, International Trade API: imports and exports by partner and product, one year in each request.

Belongs here: in which requests the tables are asked for, and whether an answer is whole.
Does not belong here: which tables there are (census_tables.py), the format (transforms/parse/census.py), series read off the
trade flows (dbt seeds).

https://www.census.gov/foreign-trade/reference/guides/Guide_to_International_Trade_Datasets.pdf. One year is the most that
clients get in one answer of ten-digit codes (two give HTTP 500); the largest answer seen has 212,000 rows. So a request
asks for one year, and for a part of the products by a wildcard: two of them for headings and subheadings (chapters 7x and
8x), where the six chapters that are kept lie.

One client reports HTTP 500 for exports by NAICS at every window. Where the server fails at a question, its parts are asked
(`Request.smaller`): the products by first digit, by chapter or by heading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import polars as pl

from orchestration.sources.agencies.census_tables import TABLES, Table
from orchestration.sources.agencies.series_reply import trade_parsed
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response, Secret
from transforms.codes import WORLD, is_country
from transforms.parse import census
from transforms.parse.outcome import TruncatedError
from transforms.parse.reply import TradeReply
from transforms.periods import month_after
from transforms.schema import Parsed

SOURCE = "census"
_ZONE = "America/New_York"
#: the first year of the bundled figures; the API begins with 2010
FIRST_YEAR = 2013


def _read_probe(response: Response) -> dict[str, str]:
    """No titles; raises what a refusal means."""
    census.parse_reply(
        response.content,
        flow="imports",
        status=response.status,
        content_type=response.media_type,
        location=response.headers.get("Location"),
    )
    return {}


API = Api(
    name="CENSUS",
    base_url="https://api.census.gov/data/timeseries/intltrade",
    secret=Secret(
        variable="HEADWAY_CENSUS_KEY",
        place="query",
        name="key",
        pattern=r"[0-9a-fA-F]{40}",
        where_to_get="https://api.census.gov/data/key_signup.html",
        required=True,
    ),
    seconds_between_requests=1.0,
    read_timeout=180.0,
    total_timeout=600.0,
    max_bytes=128_000_000,
    row_separator=b"],",
    probe=Request(
        "probe",
        "/imports/hs",
        params=(("get", "GEN_VAL_MO"), ("CTY_CODE", WORLD), ("time", "2018-01")),
        title="US imports of January 2018",
    ),
    read_probe=_read_probe,
    traps=(
        "Without a valid key it answers 302 to a page that says so; a client that follows it sees status 200.",
        "A failure of the server comes as a page with status 200; asked again it often answers.",
        "Groups of countries stand beside their members: count only four-digit codes from 1000 on.",
        "A zero is written out, an absent cell means no trade, 204 that there is nothing (not released yet).",
        "Imports for consumption and general imports differ by up to 18 %.",
        "How many questions a day a key may ask is not published.",
        "Exports by NAICS over all products are reported to give HTTP 500 at every window: where a question fails, its parts are "
        "asked, by first digit, chapter or heading. What vanished is then not seen, since no part is the whole table.",
        "Some clients report that flags of quantities are refused: then the same is asked without them, and a quantity of 0 "
        "beside a value counts as not known.",
    ),
)


def newest_month(today: date) -> date:
    """The newest month that can be out. The report comes about 35 days after the month, at the earliest 28."""
    return month_after(today - timedelta(days=28), -1)


def years_to_ask(context: PlanContext, stored: Sequence[date]) -> range:
    """Years in which something may be new: from the newest stored month (or the month before the newest one, which each
    release revises) on; all of them if the last annual revision, out in June with April, is not in the store yet.

    stored: the newest month of each slice that is in the store; none for a table that was never asked."""
    newest = newest_month(context.today)
    last = min(newest.year, context.until.year) if context.until else newest.year
    if context.since:
        first = context.since.year
    elif context.full:
        first = FIRST_YEAR
    else:
        first = month_after(newest, -1).year
        if stored:
            latest = min(stored)
            first = min(first, latest.year)
            first = FIRST_YEAR if latest < _last_annual_revision(context.today) else first
    return range(max(FIRST_YEAR, min(first, last)), last + 1)


def _last_annual_revision(today: date) -> date:
    """The April with whose release, in June, all earlier years were revised last."""
    return date(today.year - (today.month < 6), 4, 1)


def _plan(table: Table, context: PlanContext) -> list[Request]:
    """One request for each year and wildcard, newest year first: if the API gives up, the newest months have come. Of the years before
    those in which something is new, the ones that were not answered since the last annual revision."""
    stored = [context.latest[slice_] for slice_ in table.stored if slice_ in context.latest]
    years = years_to_ask(context, stored)
    return [
        question
        for year in range(years.stop - 1, FIRST_YEAR - 1, -1)
        for wildcard in table.wildcards
        for question in [_question(table, year, wildcard, max(stored, default=None))]
        if year in years or _lacks_revision(table, context, question)
    ]


def _lacks_revision(table: Table, context: PlanContext, question: Request) -> bool:
    """Whether a question about an earlier year was left open when the last annual revision came, as where the server went down after the
    newest year: April is in the store then, and nothing else would ask for that year before the next June."""
    if context.since or context.full or not any(slice_ in context.latest for slice_ in table.stored):
        return False
    april = _last_annual_revision(context.today)
    bundled = [context.bundled[slice_] for slice_ in table.stored if slice_ in context.bundled]
    if bundled and min(bundled) >= april:
        return False
    if not bundled and context.last_answered(question) is None:
        return (
            False  # a year that nobody asked for is not in the store, and so is nothing that could be revised
        )
    return not context.answered_since_out(question, april)


def _question(table: Table, year: int, wildcard: str, latest: date | None) -> Request:
    """The request for one year of a table, with its parts. `latest`: the newest stored month of it."""
    return replace(
        _one_question(table, year, wildcard, latest),
        smaller=tuple(_one_question(table, year, part, latest) for part in table.parts_of(wildcard)),
    )


def _one_question(table: Table, year: int, wildcard: str, latest: date | None) -> Request:
    """The request for what a wildcard stands for, and the one without flags in its place."""
    asked = _with_variables(table, table.variables, year, wildcard, latest)
    without_flags = tuple(name for name in table.variables if not name.endswith("_FLAG"))
    if without_flags == table.variables:
        return asked
    # some clients report that the flags of quantities are refused in get=: then the same is asked without them
    return replace(asked, instead=(_with_variables(table, without_flags, year, wildcard, latest),))


def _with_variables(
    table: Table, names: Sequence[str], year: int, wildcard: str, latest: date | None
) -> Request:
    """The request for these variables of one year of a table."""
    variables = [*names]
    predicates: list[tuple[str, str]] = []
    if table.level:
        predicates.append(("COMM_LVL", table.level))
    if wildcard:
        predicates.append((table.commodity, wildcard))
    elif table.commodity:
        variables.insert(0, table.commodity)
    if table.partners:
        predicates += [("CTY_CODE", code) for code in table.partners]
    else:
        variables.insert(0, "CTY_CODE")
    return Request(
        dataset=table.name,
        path=table.path,
        params=(
            ("get", ",".join(variables)),
            *predicates,
            ("time", f"from {year}-01 to {year}-12"),
        ),
        title=f"{year}" + (f", {wildcard}" if wildcard else ""),
        context={
            "year": year,
            "expected": variables,
            "is_part": wildcard not in table.wildcards,
            # the months that are stored must come again; later ones may not be released yet
            "known_to": min(latest, date(year, 12, 1)).isoformat()
            if latest and latest.year >= year
            else None,
        },
    )


def _parse(table: Table, content: bytes, request: Request, response: Response) -> Parsed:
    """The cells of one year and wildcard, in whole US dollars, known from the time of retrieval.

    Raises TruncatedError for an answer that is not whole, and what the parser and `trade_parsed` raise.
    """
    reply = census.parse_reply(
        content,
        flow=table.flow,
        expected=request.context["expected"],
        status=response.status,
        content_type=response.media_type,
        location=response.headers.get("Location"),
    )
    _refuse_incomplete(table, reply.frame, request.context)
    refused = {} if table.commodity else _months_with_other_sum(table, reply.frame)
    if refused:
        months = [date.fromisoformat(f"{month}-01") for month in refused]
        reply = replace(reply, frame=reply.frame.filter(~pl.col("period_start").is_in(months)))
        if reply.frame.is_empty():
            raise TruncatedError(SOURCE, "; ".join(refused.values()), "ask again")
    parsed = trade_parsed(
        _only_kept(table, reply),
        source=SOURCE,
        retrieved_at=response.retrieved_at,
        # answers that were archived before a whole could be asked in parts do not say which they are
        complete=table.whole and not request.context.get("is_part", False),
    )
    return replace(parsed, refused=refused)


def _refuse_incomplete(table: Table, frame: pl.DataFrame, context: Mapping[str, Any]) -> None:
    """Raise TruncatedError if months or partners are missing.

    context: of the request; plain JSON, hence Any.
    """
    year: int = context["year"]
    known_to: str | None = context["known_to"]
    months = sorted(frame["period_start"].unique())
    if not months:
        return  # every row was rejected; `trade_parsed` raises for that
    if months[0].year != year or months[-1].year != year:
        raise TruncatedError(SOURCE, f"{table.name} {year}: rows of other years", "ask again")
    through = max(months[-1], date.fromisoformat(known_to)) if known_to else months[-1]
    due = [date(year, month, 1) for month in range(1, through.month + 1)]
    absent = [f"{month:%Y-%m}" for month in due if month not in months]
    partners = set(frame["partner_code"].unique())
    absent += [f"partner {code}" for code in table.partners or (WORLD,) if code not in partners]
    if absent:
        raise TruncatedError(SOURCE, f"{table.name} {year}: no rows of {', '.join(absent)}", "ask again")


def _months_with_other_sum(table: Table, frame: pl.DataFrame) -> dict[str, str]:
    """Month -> why, where the countries do not add up to the world to the dollar: then rows were lost or doubled.

    They do for general imports and for exports in all months of 2013-2024. Imports for consumption are left out: they were
    not at hand for all countries to be measured.
    """
    countries = [code for code in frame["partner_code"].unique() if is_country(code)]
    sums = (
        frame.filter(pl.col("basis") != "consumption")
        .group_by("period_start")
        .agg(
            pl.col("value_usd").filter(partner_code=WORLD).sum().alias("world"),
            pl.col("value_usd").filter(pl.col("partner_code").is_in(countries)).sum().alias("countries"),
        )
    )
    wrong = sums.filter(pl.col("world") != pl.col("countries")).sort("period_start")
    return {
        f"{month:%Y-%m}": f"{table.name} {month:%Y-%m}: the countries add up to {total:,} USD, the world has {world:,}"
        for month, world, total in wrong.rows()
    }


def _only_kept(table: Table, reply: TradeReply) -> TradeReply:
    """The reply without the products that a wildcard includes although they are not kept."""
    if not table.kept:
        return reply
    frame = reply.frame.filter(
        pl.any_horizontal(pl.col("product_code").str.starts_with(c) for c in table.kept)
    )
    left_out = reply.frame.height - frame.height
    note = (f"left out {left_out}: products outside {', '.join(table.kept)}",) if left_out else ()
    return replace(reply, frame=frame, messages=(*reply.messages, *note))


DATASETS = tuple(
    Dataset(
        name=table.name,
        source_id=SOURCE,
        api=API,
        title=table.title,
        plan=partial(_plan, table),
        parse=partial(_parse, table),
        schedule=("40 8 * * *", _ZONE),
        publication_lag_days=35,
        first_year=FIRST_YEAR,
        revisions="Each release adds a month and revises the one before; in June, with April, all earlier years are revised. "
        "A refresh asks for the years from the newest stored month on, and for each year that was not answered since the last "
        "June. Revisions of cells that vanish altogether are seen for whole tables only (totals, HS chapters, NAICS "
        "subsectors).",
    )
    for table in TABLES
)
