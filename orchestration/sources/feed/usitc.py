"""USITC: editions of the tariff schedule; the newest is compared with the one before it.

Belongs here: the API, the list page, which editions are asked for. Does not belong here: formats and the comparison
(transforms/parse/usitc_hts.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.sources.feed.spec import Feed, FeedContext, nothing_planned
from orchestration.sources.feed.words import keywords
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response
from transforms.feed.reading import Document, candidate_row, day, parsed
from transforms.parse.body import JsonObject
from transforms.parse.usitc_hts import (
    HOSTS,
    LIST_PATH,
    SOURCE,
    Edition,
    edition_document,
    parse_editions,
    parse_lines,
)
from transforms.schema import Parsed

API = Api(
    name="USITC",
    base_url=f"https://{HOSTS[0]}",
    budgets=(Budget(60, 86_400, "America/New_York"),),
    seconds_between_requests=2.0,
    #: an edition has some 30,000 lines, 15 MB
    max_bytes=64_000_000,
    follow_redirects=True,
    names_contact=True,
    traps=(
        "The day of an edition is not the day on which a duty begins; the documents it names have that.",
        "An edition may be posted again with other lines under the same name.",
    ),
)


def plan(_: PlanContext) -> list[Request]:
    """The list of editions."""
    return [Request("editions", LIST_PATH, title="the list of editions")]


def read_list(content: bytes, _: Request, response: Response) -> list[Document]:
    """The editions of the list as documents that were not read; their paths stand in their abstract."""
    fallback = response.retrieved_at.date()
    return [
        Document(
            source_id=SOURCE,
            number=edition.name,
            title=f"{edition.name}: an edition of the schedule, not compared yet",
            published_on=edition.listed_on or fallback,
            kind="HTS edition",
            citation=edition.name,
            by=("USA",),
            hosts=HOSTS,
            marks=edition.marks,
        )
        for edition in parse_editions(content, status=response.status)[:2]
    ]


def parse_list(content: bytes, request: Request, response: Response) -> Parsed:
    """The newest two editions as entries. Raises what `parse_editions` raises."""
    return parsed(
        candidate_row(document, keywords(), text=None, retrieved_at=response.retrieved_at)
        for document in read_list(content, request, response)
    )


def follow(ctx: FeedContext, _: int) -> list[Request]:
    """The edition before the newest where it was never read, then the newest, to be compared with it."""
    lists = ctx.bytes_of("editions")
    if not lists:
        return []
    editions = parse_editions(lists[-1][1](), status=200)[:2]
    held = {str(context["edition"]): read for context, read in ctx.bytes_of("lines") if "edition" in context}
    newest, before = editions[0], editions[1] if len(editions) > 1 else None
    published = {d.number: d.published_on for d in ctx.listed}
    if before is not None and before.name not in held:
        return [_request(before, published, None, {})]
    if f"{SOURCE}:{newest.name}" in ctx.read:
        return []
    old = parse_lines(held[before.name](), status=200) if before else {}
    return [_request(newest, published, before.name if before else None, old)]


def _request(
    edition: Edition, published: Mapping[str, object], before: str | None, old: Mapping[str, list[str]]
) -> Request:
    context: JsonObject = {
        "edition": edition.name,
        "published_on": str(published.get(edition.name) or edition.listed_on or ""),
        "marks": list(edition.marks),
        "before": before,
        "old": dict(old),
    }
    return Request("lines", edition.path, title=f"edition {edition.name}", context=context)


def parse_edition(content: bytes, request: Request, response: Response) -> Parsed:
    """The candidate of an edition: its 9903 lines against those of the edition before, which the context holds."""
    context = request.context
    document = edition_document(
        context["edition"],
        parse_lines(content, status=response.status),
        before=context["before"],
        old=context["old"],
        published_on=day(context["published_on"]) or response.retrieved_at.date(),
        cited=tuple(context["marks"]),
    )
    return parsed([candidate_row(document, keywords(), text="", retrieved_at=response.retrieved_at)])


FEED = Feed(
    lists=(
        Dataset(
            "editions", SOURCE, API, "USITC, editions of the tariff schedule", plan, parse_list,
            schedule=("30 9 * * 1-5", "America/New_York"), publication_lag_days=3,
            revisions="An edition may be posted again; the newest one is compared once.",
        ),
    ),
    documents=(Dataset("lines", SOURCE, API, "USITC, lines of 9903", nothing_planned, parse_edition),),
    read_list=read_list,
    follow=follow,
    rounds=2,
)  # fmt: skip
