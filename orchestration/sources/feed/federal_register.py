"""The Federal Register: presidential documents, and notices of USTR, Commerce, USITC and CBP.

Belongs here: the two APIs, the lists, the addresses of texts. Does not belong here: the format of a list
(transforms/parse/federal_register.py), the rules (transforms/feed).

federalregister.gov turns some robots away; govinfo.gov, which prints the same edition, is asked for the texts that it refused.
The names of the agencies but that of USTR are remembered, not seen; a wrong one is answered with HTTP 400, which names it.
"""

from __future__ import annotations

from datetime import date, timedelta

from orchestration.sources.feed.spec import (
    Feed,
    FeedContext,
    entries,
    nothing_planned,
    read_document,
    to_context,
    wanted,
)
from orchestration.sources.spec import Api, Budget, Dataset, PlanContext, Request, Response
from transforms.feed.reading import Document
from transforms.parse.federal_register import FIELDS, SOURCE, parse_documents
from transforms.schema import Parsed

#: days before today that a refresh looks at, if it is not told since when: documents appear up to a week after signature
USUAL_DAYS = 45
_LIST = "/api/v1/documents.json"
_PAGE = 1000
AGENCIES = (
    "trade-representative-office-of-united-states",
    "industry-and-security-bureau",
    "international-trade-administration",
    "international-trade-commission",
    "u-s-customs-and-border-protection",
)
#: of the notices of these agencies those are listed that hold the words
TERMS = ("Harmonized Tariff Schedule", "USMCA", "Trade Expansion Act")

API = Api(
    name="FEDERAL_REGISTER",
    base_url="https://www.federalregister.gov",
    budgets=(Budget(400, 86_400, "America/New_York"),),
    seconds_between_requests=0.5,
    max_bytes=16_000_000,
    names_contact=True,
    traps=(
        "`effective_on` is no first day of a duty: it is empty for most presidential documents and filled in for proposals.",
        "A presidential document appears two to seven days after its signature.",
        "Some robots are refused; govinfo.gov has the same texts.",
        "A text file comes inside an HTML page.",
    ),
)
GOVINFO = Api(
    name="GOVINFO",
    base_url="https://www.govinfo.gov",
    budgets=(Budget(200, 86_400, "America/New_York"),),
    seconds_between_requests=0.5,
    max_bytes=16_000_000,
    follow_redirects=True,
    names_contact=True,
)


def plan(ctx: PlanContext) -> list[Request]:
    """One question a calendar year for presidential documents, and one for each term over all the agencies."""
    first = ctx.since or (ctx.today - timedelta(days=USUAL_DAYS)).replace(day=1)
    requests = []
    for year in range(first.year, ctx.today.year + 1):
        days = (
            ("gte", max(first, date(year, 1, 1))),
            *((("lte", date(year, 12, 31)),) if year < ctx.today.year else ()),
        )
        window = tuple((f"conditions[publication_date][{what}]", day.isoformat()) for what, day in days)
        requests.append(
            _request(
                (("conditions[type][]", "PRESDOCU"), *window),
                f"presidential documents, {year} from {days[0][1]}",
            )
        )
        requests += [
            _request(
                (
                    *(("conditions[agencies][]", agency) for agency in AGENCIES),
                    ("conditions[term]", f'"{term}"'),
                    *window,
                ),
                f"notices and rules on {term}, {year}",
            )
            for term in TERMS
        ]
    return requests


def _request(conditions: tuple[tuple[str, str], ...], title: str) -> Request:
    fields = tuple(("fields[]", name) for name in FIELDS)
    return Request(
        "documents",
        _LIST,
        params=(*conditions, ("per_page", str(_PAGE)), ("order", "newest"), *fields),
        title=title,
    )


def read_list(content: bytes, _: Request, response: Response) -> list[Document]:
    """The documents of a list. Raises what `parse_documents` raises."""
    return parse_documents(content, status=response.status, content_type=response.media_type)


def parse_list(content: bytes, request: Request, response: Response) -> Parsed:
    """The entries of a list as candidates."""
    return entries(read_list(content, request, response), response)


def follow(ctx: FeedContext, number: int) -> list[Request]:
    """The texts of the documents that were not read yet, of federalregister.gov (0) or govinfo.gov (1)."""
    return [
        Request(
            DOCUMENTS[number].name,
            _text_path(document) if number == 0 else _printed_path(document),
            title=f"{document.number}: {document.title[:60]}",
            context={"document": to_context(document)},
        )
        for document in wanted(ctx.listed, ctx.read)
    ]


def _text_path(document: Document) -> str:
    return f"/documents/full_text/text/{document.published_on:%Y/%m/%d}/{document.number}.txt"


def _printed_path(document: Document) -> str:
    return f"/content/pkg/FR-{document.published_on}/html/{document.number}.htm"


LISTS = (
    Dataset(
        name="documents",
        source_id=SOURCE,
        api=API,
        title="Federal Register, documents on trade",
        plan=plan,
        parse=parse_list,
        schedule=("30 9 * * 1-5", "America/New_York"),
        publication_lag_days=7,
        revisions="Citation and number of an order may come days after the document; every run asks for 45 days again.",
    ),
)
DOCUMENTS = (
    Dataset("texts", SOURCE, API, "Federal Register, texts", nothing_planned, read_document),
    Dataset(
        "texts_printed",
        SOURCE,
        GOVINFO,
        "Federal Register, texts of govinfo.gov",
        nothing_planned,
        read_document,
    ),
)
FEED = Feed(LISTS, DOCUMENTS, read_list, follow)
