"""CBP's CSMS bulletins: the last hundred or so of the list, and the text of those on duties.

Belongs here: the API, its list, the addresses of bulletins. Does not belong here: formats (transforms/parse/csms.py). A bulletin
states first days most exactly, since it tells brokers from when to file what.
"""

from __future__ import annotations

from orchestration.sources.feed.spec import (
    Feed,
    FeedContext,
    entries,
    nothing_planned,
    read_document,
    to_context,
    wanted,
)
from orchestration.sources.feed.words import keywords
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response
from transforms.feed.reading import Document
from transforms.parse.csms import SOURCE, parse_bulletins, path_of
from transforms.schema import Parsed

API = Api(
    name="CSMS",
    base_url="https://content.govdelivery.com",
    budgets=(Budget(200, 86_400, "America/New_York"),),
    seconds_between_requests=1.0,
    max_bytes=8_000_000,
    follow_redirects=True,
    names_contact=True,
    traps=(
        "The list is a script, `GDWidgets[0].update([...])`, with the last hundred or so bulletins of all kinds.",
        "The address of a bulletin ends in its number in hexadecimal.",
    ),
)


def plan(_: PlanContext) -> list[Request]:
    """The list, which has no days to ask for."""
    return [
        Request(
            "bulletins", "/accounts/USDHSCBP/widgets/USDHSCBP_WIDGET_2/0.json", title="the newest bulletins"
        )
    ]


def read_list(content: bytes, _: Request, response: Response) -> list[Document]:
    """The bulletins of the list. Raises what `parse_bulletins` raises."""
    return parse_bulletins(content, status=response.status)


def parse_list(content: bytes, request: Request, response: Response) -> Parsed:
    """The entries of the list as candidates."""
    return entries(read_list(content, request, response), response)


def follow(ctx: FeedContext, _: int) -> list[Request]:
    """The bulletins whose subject names a trade action and that were not read yet."""
    about = [d for d in ctx.listed if keywords().has("action", d.title) and d.published_on >= ctx.since]
    return [
        Request(
            "texts",
            path_of(document.number),
            title=f"CSMS {document.number}: {document.title[:60]}",
            context={"document": to_context(document)},
        )
        for document in wanted(about, ctx.read)
    ]


FEED = Feed(
    lists=(
        Dataset(
            "bulletins", SOURCE, API, "CBP, CSMS bulletins", plan, parse_list, schedule=("30 9 * * 1-5", "America/New_York"),
            publication_lag_days=1, revisions="A bulletin is corrected by a later one with a number of its own.",
        ),
    ),
    documents=(Dataset("texts", SOURCE, API, "CBP, texts of CSMS bulletins", nothing_planned, read_document),),
    read_list=read_list,
    follow=follow,
)  # fmt: skip
