"""Federal Register API v1: lists of documents.

Belongs here: the fields of `documents.json`. Does not belong here: the text of a document (document_page.py), what it means
(transforms/feed). Fields that are not known are left alone: the API adds some now and then.
"""

from __future__ import annotations

from transforms.feed.reading import Document, day
from transforms.feed.text import field
from transforms.parse.body import JsonObject, read_json, shape_checked
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError, TruncatedError

SOURCE = "federal_register"
#: the API's own hosts and that of the printed edition
HOSTS = ("www.federalregister.gov", "www.govinfo.gov")
#: the fields that are asked for
FIELDS = (
    "document_number", "title", "type", "subtype", "abstract", "action", "dates", "signing_date", "publication_date",
    "effective_on", "citation", "start_page", "end_page", "proclamation_number", "executive_order_number",
    "presidential_document_number", "agencies", "correction_of", "html_url", "raw_text_url",
)  # fmt: skip
#: characters of an abstract that are read
_ABSTRACT = 4_000


@shape_checked(SOURCE)
def parse_documents(content: bytes, *, status: int, content_type: str | None) -> list[Document]:
    """The documents of one answer, in its order.

    Raises EmptyReplyError for none, TruncatedError where the answer has further pages, SchemaChangedError for an answer that is
    no list of documents, and what transforms.parse.body raises.
    """
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    if not isinstance(reply, dict) or "count" not in reply:
        raise SchemaChangedError(SOURCE, "the answer has no count of documents")
    results = reply.get("results") or []
    if not reply["count"] or not results:
        raise EmptyReplyError(SOURCE, "no document in these days", "nothing is new")
    if int(reply.get("total_pages") or 1) > 1:
        raise TruncatedError(
            SOURCE, f"{reply['count']:,} documents, more than a page holds", "ask for fewer days"
        )
    return [parse_document(result) for result in results]


def parse_document(result: JsonObject) -> Document:
    """One document of a list. Raises SchemaChangedError where what names it is missing."""
    number, published = field(result.get("document_number")), day(result.get("publication_date"))
    if number is None or published is None:
        raise SchemaChangedError(
            SOURCE, "a document without number or day", missing=["document_number", "publication_date"]
        )
    order, proclamation = (
        _number(result.get("executive_order_number")),
        _number(result.get("proclamation_number")),
    )
    subtype = field(result.get("subtype"))
    presidential = _number(result.get("presidential_document_number"))
    if presidential and subtype == "Executive Order":
        order = order or presidential
    elif presidential and subtype == "Proclamation":
        proclamation = proclamation or presidential
    told = [field(result.get(name), _ABSTRACT) for name in ("abstract", "action", "dates")]
    first, last = result.get("start_page"), result.get("end_page")
    names = [field(agency.get("name") or agency.get("raw_name")) for agency in result.get("agencies") or []]
    return Document(
        source_id=SOURCE,
        number=number,
        title=field(result.get("title")) or "",
        published_on=published,
        kind=subtype or field(result.get("type")),
        abstract=" ".join(text if text.endswith(".") else f"{text}." for text in told if text) or None,
        signed_on=day(result.get("signing_date")),
        citation=field(result.get("citation")),
        executive_order=order,
        proclamation=proclamation,
        agencies=field("; ".join(name for name in names if name)),
        url=field(result.get("html_url")),
        pages=(int(first), int(last)) if first and last else None,
        by=("USA",),
        hosts=HOSTS,
    )


def _number(value: object) -> str | None:
    """The number of an order or proclamation: digits only; None for anything else."""
    text = field(value)
    return text if text and text.isdigit() and 3 <= len(text) <= 6 else None
